"""Logging as long training scripts do it: handlers in files and of the script's own, by keyword, asked what they are."""

import io
import logging
import logging.handlers
import os
import sys
from logging import DEBUG, INFO, FileHandler, Formatter, StreamHandler, getLogger


def init_logger(log_file="train.log"):
    logger = getLogger("train")
    logger.setLevel(INFO)
    if not any(isinstance(handler, FileHandler) for handler in logger.handlers):
        one = StreamHandler(stream=sys.stdout)
        one.setFormatter(fmt=Formatter(fmt="%(asctime)s|%(message)s", datefmt="now"))
        one.setLevel(level=DEBUG)
        two = FileHandler(filename=log_file, mode="w", encoding="utf-8")
        two.setFormatter(Formatter("%(levelname)s %(message)s"))
        logger.addHandler(hdlr=one)
        logger.addHandler(two)
    return logger


class Bar(logging.StreamHandler):
    """What writes above a progress bar."""

    def __init__(self, level=logging.NOTSET):
        super().__init__()
        self.setLevel(level)
        self.count = 0

    def emit(self, record):
        try:
            print("bar:", self.format(record), record.levelno, record.funcName, record.name, record.msg, record.args)
            self.count += 1
        except Exception:
            self.handleError(record)


class Colours(logging.Formatter):
    MARKS = {logging.WARNING: "(!) "}

    def format(self, record):
        record.levelname = f"{self.MARKS.get(record.levelno, '')}{record.levelname}"
        return super().format(record)

    def formatTime(self, record, datefmt=None):
        return "T"


class NoSkips(logging.Filter):
    def filter(self, record):
        return "skip" not in record.getMessage()


class Tagged(logging.LoggerAdapter):
    def process(self, msg, kwargs):
        return f"[{self.extra['run']}] {msg}", kwargs


log = init_logger()
assert init_logger() is log and len(log.handlers) == 2
shown, written = log.handlers
log.info(msg="epoch 1")
log.log(level=30, msg="warned")
log.warning("x %d %s", 3, {"a": 1})
log.info("of %(k)s", {"k": 5})
print(open("train.log").read().split("\n"))
print(isinstance(shown, StreamHandler), isinstance(written, StreamHandler), isinstance(shown, FileHandler))
print(isinstance(written, logging.Handler), type(written).__name__, os.path.basename(written.baseFilename), shown.level)
print(shown.stream is sys.stdout, log, logging.root, shown, log.hasHandlers(), logging.getLevelName(log.getEffectiveLevel()))
log.removeHandler(written)
written.close()
os.remove("train.log")
for kind, options in (("RotatingFileHandler", {"maxBytes": 1000, "backupCount": 2}), ("TimedRotatingFileHandler", {"when": "D"})):
    handler = getattr(logging.handlers, kind)("turns.log", **options)
    log.addHandler(handler)
    log.info(kind)
    log.removeHandler(handler)
    handler.close()
    print(open("turns.log").read().strip())
    os.remove("turns.log")
timed = logging.handlers.TimedRotatingFileHandler("turns.log", "midnight", backupCount=3, encoding="utf-8")
print(timed.mode, isinstance(timed, FileHandler))
timed.close()
os.remove("turns.log")
bar = Bar()
bar.setFormatter(Formatter("[%(name)s] %(message)s"))
log.addHandler(bar)
log.error("bad %s", "batch")
log.removeHandler(bar)
print(bar.count)
shown.setFormatter(Colours("%(asctime)s %(levelname)s %(message)s"))
log.warning("coloured")
shown.addFilter(NoSkips())
log.info("skip this")
shown.addFilter(lambda record: record.levelno > 20)
log.info("gone")
log.error("stays")
Tagged(log, {"run": 4}).error("tagged")
log.removeHandler(shown)
kept = io.StringIO()
log.addHandler(StreamHandler(kept))
try:
    raise ValueError("loss is nan")
except ValueError:
    log.exception("step %d failed", 7)
    log.error("again", exc_info=True)
lines = kept.getvalue().split("\n")
print(lines[0], lines[1][:9], lines[-2], len([line for line in lines if line.startswith("ValueError")]))
logging.basicConfig(level=INFO, format="%(name)s:%(levelname)s:%(message)s", handlers=[StreamHandler(sys.stdout)], force=True)
log.propagate = False
logging.info("root %s", 1)
logging.addLevelName(25, "NOTE")
logging.log(25, "noted")
logging.disable(logging.CRITICAL)
logging.error("not said")
logging.disable(logging.NOTSET)
getLogger("other").addHandler(logging.NullHandler())
getLogger("other").warning("said by the root's")
