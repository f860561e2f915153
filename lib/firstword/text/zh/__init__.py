"""How Mandarin says what is written in figures, signs and letters: `kinds.TABLE`. [pure]"""
