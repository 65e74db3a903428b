"""Arguments with actions of the script's own, and files that the parser opens."""

import argparse
import os


class Pairs(argparse.Action):
    """`--kv a=1 b=2`: a dict."""

    def __call__(self, parser, namespace, values, option_string=None):
        found = dict(getattr(namespace, self.dest) or {})
        for pair in values:
            key, _, value = pair.partition("=")
            if not value:
                parser.error(f"argument {option_string}: {pair!r} has no value")
            found[key] = int(value) if value.isdigit() else value
        setattr(namespace, self.dest, found)


class Bounded(argparse.Action):
    def __init__(self, option_strings, dest, least=0, most=1, **kwargs):
        self.least, self.most = least, most
        super().__init__(option_strings, dest, **kwargs)

    def __call__(self, parser, namespace, values, option_string=None):
        if not self.least <= values <= self.most:
            raise argparse.ArgumentError(self, f"{values} is not in [{self.least}, {self.most}]")
        setattr(namespace, self.dest, values)


with open("run.cfg", "w") as file:
    file.write("lr = 0.1\n")
parser = argparse.ArgumentParser(prog="train", description="trains")
parser.add_argument("--kv", nargs="*", action=Pairs, default={}, metavar="K=V", help="options")
parser.add_argument("--drop", type=float, action=Bounded, most=0.9, default=0.1, help="dropout, at most 0.9")
parser.add_argument("--config", type=argparse.FileType("r"), default=None)
args = parser.parse_args(["--kv", "a=1", "b=two", "--kv", "c=3", "--drop", "0.5", "--config", "run.cfg"])
print(args.kv, args.drop, args.config.read().strip(), args.config.name)
print(parser.parse_args([]))
print(parser.format_help())
for words in (["--drop", "2"], ["--kv", "a"], ["--config", "none.cfg"]):
    try:
        parser.parse_args(words)
    except SystemExit as end:
        print(words, "ends with", end.code)
args.config.close()
os.remove("run.cfg")
