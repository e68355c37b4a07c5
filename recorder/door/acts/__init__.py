"""What can be done through the door: the operations, by what they are about.

Importing this package fills the table of `recorder.door.operations`.
"""

from recorder.door.acts import account, login, people

__all__ = ["account", "login", "people"]
