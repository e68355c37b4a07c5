"""Was the notice heard: an office's spoken prompts ("this call is recorded"), found in the audio of a call.

`Prompts.load` reads the office's files once. A `NoticeFinder` a call is fed what the caller hears, and its `heard()`
says which prompt it was, for how many milliseconds, and at which frame it began. How it is decided:

1. *Where, about* (`places`). Each second of audio that isn't quiet is reduced to the band of 300 to 650 Hz, 400 complex
   values, and correlated by FFT with the same band of all prompts, at every shift. The best place in each prompt is a
   candidate if the square of the correlation, normalised by both energies, is at least 0.25. A second of the prompt has
   0.9 and more; of other speech, two seconds in a hundred pass, and fail at 3. A second after one in vain is passed
   over, unless sound began only just before it.
2. *Where, exactly* (`Prompt.refine`). The second at its full 8 kHz is correlated with the prompt at the shifts within
   8 ms of that place.
3. *What of it* (`Prompt.matches`). The prompt is cut into cells of 20 ms. At that one shift, a cell with sound is heard
   if it and its neighbours, 60 ms, correlate by 0.7 and it alone by 0.4; or it alone by 0.8, whatever its neighbours
   do. A quarter of a second of such cells makes the shift believed: the 1.5 s before are looked at too, and what is to
   come as it arrives, without 1. and 2. as long as four fifths match. What was explained so is muted before a second
   is searched again: where audio was put in or left out, both shifts are found. Shifts that change more often than
   once in half a second are not.
4. *Enough of it* (`Prompt.enough`). A prompt was heard if cells of 2.5 s matched, or half of its cells if that is less.

Milliseconds are those of the prompt, not of the call: each cell counts once however often it was played, in steps of
20 ms. What was lost on the way, and what came after the caller hung up, doesn't count. A pause in the prompt counts if
some of the sound within 0.1 s of it on either side was heard; silence at the ends of a file is not part of the prompt.

It compares waveforms, whatever their loudness: other words of the same voice don't match. The same recording does, so
a greeting of 2.5 s or more that another announcement also begins with is heard in that one too; cut it off the file.
"""

from __future__ import annotations

from recorder.notice.finder import Heard, NoticeFinder
from recorder.notice.prompts import Prompts, UnusablePrompt

__all__ = ["Heard", "NoticeFinder", "Prompts", "UnusablePrompt"]
