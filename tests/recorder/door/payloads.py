"""What attackers write into fields: SQL, paths, markup, templates, commands, numbers, text that isn't quite text."""

from __future__ import annotations

TEXTS = (
    # SQL, as the usual lists have it
    "' or '1'='1", "' or 1=1 --", "\" or \"\"=\"", "'; drop table call; --", "'); delete from account; --",
    "' union select login, password, 1, 2, 3 from account --", "1; attach database '/tmp/x.sqlite' as x",
    "%' and 1=1 --", "_%", "\\' or 1=1 --", "' and randomblob(1000000000) --",
    "' || (select password from account limit 1) || '",
    # Paths
    "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "....//....//", "..\\..\\windows\\win.ini",
    "%00", "C:\\", "file:///etc/passwd", "\\\\198.51.100.1\\share", "con",
    # Markup, templates, scripts, spreadsheets
    "<script>window.hit=1</script>", "\"><img src=x onerror=window.hit=1>", "javascript:window.hit=1", "<!--", "]]>",
    "{{ 7 * 7 }}", "{% include '/etc/passwd' %}", "${7*7}", "#{7*7}", "%s%s%s%n", "=cmd|' /C calc'!A0", "+1+1",
    "@SUM(1)",
    # Commands and headers
    "; cat /etc/passwd", "$(id)", "`id`", "| id", "a\r\nSet-Cookie: x=y", "a\nb", "() { :; }; id",
    # LDAP
    "*)(uid=*))(|(uid=*", "*", "\\2a", "cn=admin,dc=example",
    # Text that isn't quite text
    "\u202e逆さま\u202c", "\u0000", "\u0007", "\ud800", "\ufeff", "\uffff", "\u200b", "e\u0301" * 50, "𠮷野家",
    "　", "", "x" * 10_000, "99999999999999999999999999", "-1", "1e999", "NaN", "0x10", "١٢٣", "令和99年99月99日",
)  # fmt: skip
OTHERS: tuple[object, ...] = (
    None, True, 0, -1, 1.5, 2**63, -(2**63), 2**200, 1e308, [], [[]], {}, {"$ne": ""}, ["' or 1=1 --"], "\ud83d",
    [None] * 1000,
)  # fmt: skip
