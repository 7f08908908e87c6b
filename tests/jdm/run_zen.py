# mypy: ignore-errors
"""Runs under the interpreter that has zen: a graph and its callers on each line, their answers out.

stdin: ``{"graph": {…}, "callers": [{…}, …]}``; stdout: the list of what zen decided for each.
zen passes over a row with a cell that it cannot read, so every cell is compiled first.
"""

import json
import sys

import zen


def main() -> None:
    engine = zen.ZenEngine()
    for line in sys.stdin:
        asked = json.loads(line)
        decision = engine.create_decision(json.dumps(asked["graph"]))
        for node in asked["graph"]["nodes"]:
            compile_all(node.get("content") or {})
        answers = [decision.evaluate(caller)["result"] for caller in asked["callers"]]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


def compile_all(content) -> None:
    inputs = [column["id"] for column in content.get("inputs", ())]
    outputs = [column["id"] for column in content.get("outputs", ())]
    for rule in content.get("rules", ()):
        for cell in (rule[column] for column in inputs if rule[column]):
            zen.compile_unary_expression(cell)
        for cell in (rule[column] for column in outputs if rule[column]):
            zen.compile_expression(cell)
    for column in content.get("inputs", ()):
        zen.compile_expression(column["field"])
    for expression in content.get("expressions", ()):
        zen.compile_expression(expression["value"])


if __name__ == "__main__":
    main()
