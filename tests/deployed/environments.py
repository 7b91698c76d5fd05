"""What each function is given where it runs: `environments.py STACK FOLDER URL SQUARE` writes
`<function>.env` below FOLDER and prints the functions' names.

The variables are those that Terraform gave it, and those that Lambda adds: here an access
key that is the function's name, and URL where AWS would be; and SQUARE where Square would be.
"""

import pathlib
import sys

from aws import Stack


def main():
    name, folder, url, square = sys.argv[1:]
    stack = Stack(name, {})
    for function, deployed in stack.record["functions"].items():
        config = stack.lambdas.get_function_configuration(FunctionName=deployed)
        given = config["Environment"]["Variables"] | {
            "AWS_REGION": stack.region,
            "AWS_ACCESS_KEY_ID": function,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": url,
            "REGULARS_SQUARE_API": square,
        }
        lines = [f"{key}={value}\n" for key, value in given.items()]
        pathlib.Path(folder, f"{function}.env").write_text("".join(lines))
        print(function)


if __name__ == "__main__":
    main()
