"""The public site of a city, the register of who must disclose, citizens' voices, and published negative cases.

Words: *duty* (an enterprise must disclose for a report year by a date), *filing* (what it disclosed, checked by the
office), *voice* (a citizen's report, question or comment), *receipt* (the code with which its writer follows it without
a login), *exposure* (a negative case made public for a limited time), *release* (one published version of the city's
numbers as files). One idea to know: the public sees what is published and nothing else; the numbers come from the
blackboard (runs of variant `public`), everything else from records in the state `published`.
Sources: 《企业环境信息依法披露管理办法》（生态环境部令第24号）；沪深北交易所可持续发展报告指引（2024）；Frictionless Data
Package. Which rule says what, and how sure we are of it, is in `rules.toml`.
"""
