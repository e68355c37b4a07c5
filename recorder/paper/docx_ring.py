"""A ring round a text in a .docx: a shape (DrawingML, ECMA-376 part 1, 20.1 and 20.4) anchored before its text.

It is laid over the text and takes no room, so that the text is read, copied and changed as any other.
"""

from __future__ import annotations

import unicodedata

from docx.oxml import parse_xml
from docx.text.run import Run

_PT_EMU = 12_700
_NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
_LINE_PT = 1.0


def ring(run: Run, number: int, text: str, size: float) -> None:
    """Puts a ring into a run of its own, before the run of the text that it goes round. `number` is one in the file,
    `size` that of the letters in points."""
    wide = sum(1.0 if unicodedata.east_asian_width(one) in "WFA" else 0.5 for one in text) * size
    tall = size * 1.4
    broad = max(wide + tall * 0.35, tall)
    left = -(broad - wide) / 2
    run._r.append(
        parse_xml(
            f"""<w:drawing {_NAMES}>
<wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="{251_658_240 + number}" behindDoc="0"
 locked="0" layoutInCell="1" allowOverlap="1">
<wp:simplePos x="0" y="0"/>
<wp:positionH relativeFrom="character"><wp:posOffset>{_emu(left)}</wp:posOffset></wp:positionH>
<wp:positionV relativeFrom="line"><wp:posOffset>{_emu(_BELOW * size)}</wp:posOffset></wp:positionV>
<wp:extent cx="{_emu(broad)}" cy="{_emu(tall)}"/>
<wp:effectExtent l="0" t="0" r="0" b="0"/>
<wp:wrapNone/>
<wp:docPr id="{number}" name="○ {number}" descr="○"/>
<wp:cNvGraphicFramePr/>
<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
<wps:wsp><wps:cNvSpPr/><wps:spPr>
<a:xfrm><a:off x="0" y="0"/><a:ext cx="{_emu(broad)}" cy="{_emu(tall)}"/></a:xfrm>
<a:prstGeom prst="roundRect"><a:avLst><a:gd name="adj" fmla="val 50000"/></a:avLst></a:prstGeom><a:noFill/>
<a:ln w="{_emu(_LINE_PT)}"><a:solidFill><a:srgbClr val="000000"/></a:solidFill></a:ln>
</wps:spPr><wps:bodyPr/></wps:wsp>
</a:graphicData></a:graphic>
</wp:anchor></w:drawing>"""
        )
    )


_BELOW = -0.12  # of the size, from the top of the line to that of the ring


def _emu(points: float) -> int:
    return round(points * _PT_EMU)
