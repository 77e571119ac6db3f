"""Keys that nobody names are heard in the music that is given; what is named is never overruled."""

import pytest

from canzona.generation.controls import Kept, Likeness
from canzona.generation.request import Request
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.progression import Progression
from certain import sure

FOUR = Meter()


def keys(request: Request) -> list[str]:
    assert request.keyed_form is not None
    return [str(phrase.key) for phrase in request.keyed_form.phrases]


def song(key: str, form: str = "A4") -> Song:
    """A song that rests on its tonic, whose phrases have their keys."""
    own = Form.parse(form, Key.parse(key))
    tonic = sure(own.phrases[0].key).tonic
    degrees = [(tonic, "maj"), (tonic + 7, "maj"), (tonic + 9, "min"), (tonic + 5, "maj")]
    chords = tuple(ChordSpan(4 * bar, 4, Chord(root % 12, kind, root % 12)) for bar, (root, kind) in enumerate(degrees))
    notes = tuple(Note(16 * bar, 60 + root % 12, 16) for bar, (root, _) in enumerate(degrees))
    return Song(own, lead_sheet=LeadSheet(notes, chords), accompaniment=notes)


def chords(text: str) -> Progression:
    return Progression.parse(text, FOUR)


@pytest.mark.parametrize("semitones", range(12))
def test_the_key_of_given_chords_moves_with_them(semitones: int) -> None:
    given = chords("C | G | Am | F").transposed(semitones)
    request = Request(form=Form.parse("A4B8"), chords=given)
    assert {phrase.key for phrase in sure(request.keyed_form).phrases} == {Key(semitones)}
    assert Request(chords=given).first_key == Key(semitones)
    assert request.heard_keys == (Key(semitones),)


def test_what_is_named_holds() -> None:
    given = chords("C | G | Am | F")
    assert keys(Request(form=Form.parse("A4B4"), key=Key.parse("Eb"), chords=given)) == ["Eb major"] * 2
    assert keys(Request(form=Form.parse("A4 B4@D"), chords=given))[1] == "D major"
    assert Request(form=Form.parse("A4"), key=Key(3), chords=given).heard_keys == ()
    assert Request(key=Key(3), chords=given).first_key == Key(3)


def test_a_prompt_goes_on_in_its_key() -> None:
    prompt = Kept(song("G"), bars=4)
    assert keys(Request(form=Form.parse("A4B4A4"), kept=(prompt,))) == ["G major"] * 3
    assert keys(Request(form=Form.parse("A4 B4@A A4"), kept=(prompt,))) == ["G major", "A major", "A major"]


def test_chords_to_be_like_bring_their_key_and_a_texture_does_not() -> None:
    like = Likeness("chords", song("A"), letter="B")
    assert keys(Request(form=Form.parse("A4B4"), like=(like,))) == ["A major"] * 2
    assert Request(like=(like,)).first_key == Key(9)
    assert keys(Request(form=Form.parse("A4"), like=(Likeness("texture", song("A")),))) == ["None"]


def test_nothing_is_heard_where_nothing_is_given() -> None:
    assert keys(Request(form=Form.parse("A4"))) == ["None"]
    assert Request().first_key is None
    assert Request(chords=chords("N | N")).first_key is None


def test_a_home_key_keeps_its_spelling() -> None:
    asked, composed = Form.parse("A4@Gb B4"), Form.parse("A4@F# B4@B")
    assert [str(own.key) for own in composed.written_as(asked).phrases] == ["Gb major", "Cb major"]
    assert [str(own.key) for own in composed.written_as(None, Key(6, Mode.MAJOR, -6)).phrases] == ["Gb major", "Cb major"]
