"""Imported by every interpreter that a chaos test starts with this folder on its path: workers of Ray among them."""

import os
import sys

if "CHAOS_LOG" in os.environ and any("default_worker" in argument for argument in sys.orig_argv):
    from tests.chaos.launched import patch_from_environment

    patch_from_environment()
