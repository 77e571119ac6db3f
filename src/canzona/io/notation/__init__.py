"""Music as it is written: which hand and voice a note belongs to, ties and rests, beams and accidentals."""
