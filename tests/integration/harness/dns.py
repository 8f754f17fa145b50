"""Records in the rig's signed zones."""
import os
import subprocess


class Dns:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    @property
    def address(self):
        """Of the name server."""
        with open(os.path.join(self.folder, "address"), encoding="utf-8") as file:
            return file.read().strip()

    def _do(self, *words):
        subprocess.run([self.program, self.folder, *words], check=True, capture_output=True)

    def set(self, name, kind, value):
        self._do("set", name, kind, value)

    def add(self, name, kind, value):
        self._do("add", name, kind, value)

    def remove(self, name, *kind):
        self._do("del", name, *kind)
