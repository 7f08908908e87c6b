// The vendor's client (pipedrive on npm, MIT) doing one thing against the server it is given.
"use strict";

const { v2 } = require("pipedrive");

const operations = {
  search_persons: ({ persons }, asked) => persons.searchPersons(asked),
  get_person: ({ persons }, asked) => persons.getPerson(asked),
  add_person: ({ persons }, { person }) => persons.addPerson({ AddPersonRequest: person }),
  activities: ({ activities }, asked) => activities.getActivities(asked),
  get_activity: ({ activities }, asked) => activities.getActivity(asked),
  add_activity: ({ activities }, { activity }) =>
    activities.addActivity({ AddActivityRequest: activity }),
  update: ({ activities }, { id, activity }) =>
    activities.updateActivity({ id, AddActivityRequest: activity }),
};

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { operation, server, arguments: asked } = JSON.parse(Buffer.concat(chunks).toString());
  const configuration = new v2.Configuration({
    apiKey: "api_token",
    basePath: `${server}/api/v2`,
  });
  const apis = {
    persons: new v2.PersonsApi(configuration),
    activities: new v2.ActivitiesApi(configuration),
  };
  process.stdout.write(JSON.stringify(await operations[operation](apis, asked)));
}

main().catch((error) => {
  process.stderr.write(String(error && error.stack));
  process.exitCode = 1;
});
