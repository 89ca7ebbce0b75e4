"""Review (C5): the energy review and carbon evaluation of fixed-asset projects, from the owner's form to the meter after start-up.

Words: *proposal* (what the owner says of a project, pure data), *decision* (what the rules make of it, each with its article),
*opinion* (the authority's written answer, with conditions), *acceptance* (after trial run: does the meter keep to the opinion).
Sources: 《固定资产投资项目节能审查和碳排放评价办法》（国家发展改革委令第31号，2025-09-01 施行）; 豫发改环资〔2022〕586号 for the energy-use right.
One idea to know: a figure that nobody has told stops the decision that needs it (`open`), it is never guessed.
"""
