"""``surefoot map`` as a user runs it, against a server of its own."""

import csv
import json
import pathlib
from collections.abc import Iterator

import pytest

from tests.runtime.models.openai_server import Server
from tests.scripts.commands.console import complaints, last_object, surefoot
