"""The program `recorder`, also started by `python -m recorder`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

import click

from recorder.cli import program

# numpy's linear algebra, which nothing here uses, would start a thread a core and keep it spinning. It is asked
# once, when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Nor does pydantic need to look through all packages for plugins, which takes 15 ms.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# What a command imports stays. To look for cycles in it every 700 objects costs a tenth of a start, and to look through
# all of it at the exit a fifth.
gc.set_threshold(20_000, 10, 10)
atexit.register(gc.freeze)

INTERRUPTED = 130  # 128 + SIGINT, as a shell has it
NOBODY_READS = 141  # 128 + SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and give its exit status back.

    0 done, 1 the check that was asked for found something, 2 unusable arguments, configuration or input. What is
    none of these is a fault of the program and ends in a traceback with status 70, so that it is never taken for
    a finding.
    """
    try:
        status = program.main(arguments, prog_name="recorder", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as problem:
        problem.show()
        return problem.exit_code
    except click.UsageError as problem:
        command = problem.ctx.command_path if problem.ctx is not None else "recorder"
        click.echo(f"recorder: {problem.format_message()} See: {command} --help", err=True)
        return problem.exit_code
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read our output (head, less) has gone; click makes of that, and of nothing else here, a SystemExit
        # with status 1. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except Exception:
        sys.excepthook(*sys.exc_info())
        return 70
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
