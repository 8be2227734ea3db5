"""Run a program with warm kernels: ``python -m recount.warm pytest --nbval-lax notebooks``."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points

from recount import warm


def main(command: list[str]) -> int:
    """Run *command* while a parent lives; every kernel whose specification names no other provisioner is forked from it."""
    if not command:
        print("recount: no program is named: python -m recount.warm COMMAND …", file=sys.stderr)
        return 2
    known = entry_points(group="jupyter_client.kernel_provisioners", name=warm.PROVISIONER)
    if not known:
        print("recount: kernels start cold, since recount was installed before it had warm ones: install it anew.", file=sys.stderr)
    with warm.kernels(stock=not known) as found:
        provisioner = {"JUPYTER_DEFAULT_PROVISIONER_NAME": warm.PROVISIONER} if found != "stock" else {}
        try:
            return subprocess.run(command, env=os.environ | provisioner, check=False).returncode
        except FileNotFoundError:
            print(f"recount: the program '{command[0]}' is not there.", file=sys.stderr)
            return 127


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
