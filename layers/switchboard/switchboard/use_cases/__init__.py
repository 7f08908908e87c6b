"""One module per function, same name: domain and ports, no AWS, no HTTP."""
