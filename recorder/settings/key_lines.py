"""On which line of a TOML text each key stands; tomllib doesn't say."""

from __future__ import annotations

Key = tuple[str | int, ...]


class KeyLines:
    """On which line each key of a valid TOML text stands.

    tomllib doesn't say. This is a scanner for texts that tomllib has already taken: it follows table headers, keys
    and brackets, and steps over strings and comments, but doesn't look into inline tables.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[Key, int] = {}
        self._arrays: dict[Key, int] = {}  # arrays of tables: the number of the last one
        self._scan()

    def of(self, key: Key) -> int:
        """The line of a key, or of the nearest thing round it that has one."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)

    def _scan(self) -> None:
        table: Key = ()
        while self._blank():
            line = self._line
            if self._text.startswith("[", self._at):
                double = self._text.startswith("[[", self._at)
                self._step(2 if double else 1)
                table = self._resolve(self._key())
                if double:
                    self._arrays[table] = self._arrays.get(table, -1) + 1
                    table = (*table, self._arrays[table])
                self._note(table, line)
                self._end_of_line()
            else:
                key = (*table, *self._key())
                self._note(key, line)
                self._space()
                self._step(1)  # the equals sign
                self._value(key)
                self._end_of_line()

    def _note(self, key: Key, line: int) -> None:
        for end in range(1, len(key) + 1):
            self._lines.setdefault(key[:end], line)

    def _resolve(self, key: Key) -> Key:
        """The full path of a header: [a.b] after [[a]] is in the last of a's tables."""
        path: Key = ()
        for part in key[:-1]:
            path = (*path, part)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return (*path, *key[-1:])

    def _step(self, count: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count

    def _space(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1

    def _blank(self) -> bool:
        """Step over blank lines and comments; False at the end."""
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                self._end_of_line()
            elif self._text[self._at] in " \t\r\n":
                self._step(1)
            else:
                return True
        return False

    def _end_of_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._step((len(self._text) if end < 0 else end) - self._at)

    def _key(self) -> Key:
        parts: list[str] = []
        while True:
            self._space()
            start = self._at
            if self._text[self._at] in "\"'":
                self._string()
                parts.append(_unquoted(self._text[start : self._at]))
            else:
                while self._text[self._at].isalnum() or self._text[self._at] in "_-":
                    self._at += 1
                parts.append(self._text[start : self._at])
            self._space()
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        triple = self._text.startswith(quote * 3, self._at)
        end = quote * 3 if triple else quote
        self._step(len(end))
        while not self._text.startswith(end, self._at):
            self._step(2 if quote == '"' and self._text[self._at] == "\\" else 1)
        self._step(len(end))
        while triple and self._text.startswith(quote, self._at):  # up to two quotes more belong to the text
            self._step(1)

    def _value(self, key: Key) -> None:
        """Step over a value; of an array, note the line of each entry."""
        depth, entry, fresh = 0, 0, True
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "#":
                self._end_of_line()
                continue
            if character == "\n" and depth == 0:
                return
            if depth == 1 and fresh and character not in " \t\r\n],":
                self._lines.setdefault((*key, entry), self._line)
                fresh = False
            if character in "\"'":
                self._string()
                continue
            if character in "[{":
                depth += 1
            elif character in "]}":
                depth -= 1
            elif character == "," and depth == 1:
                entry, fresh = entry + 1, True
            self._step(1)


def _unquoted(text: str) -> str:
    import tomllib

    key: str = tomllib.loads(f"key = {text}")["key"]
    return key
