"""What is asked of the Factbook: fields, the sentences that state them, and their questions.

A form is (path in the country's record, sentence, question). ``{name}`` is the country, ``{x}``
the field's text, which is the answer: so every answer is a verbatim span of its paragraph.
"""

from __future__ import annotations

FORMS: dict[str, list[tuple[str, str, str]]] = {
    "geography": [
        ("Geography/Location", "{name} lies in {x}.", "Where does {name} lie?"),
        (
            "Geography/Area/land",
            "The land area of {name} is {x}.",
            "What is the land area of {name}?",
        ),
        (
            "Geography/Coastline",
            "Its coastline measures {x}.",
            "How long is the coastline of {name}?",
        ),
        ("Geography/Climate", "The climate is {x}.", "What is the climate of {name} like?"),
        (
            "Geography/Elevation/highest point",
            "Its highest point is {x}.",
            "What is the highest point of {name}?",
        ),
        (
            "Geography/Natural resources",
            "Its natural resources include {x}.",
            "Which natural resources does {name} have?",
        ),
    ],
    "people": [
        (
            "People and Society/Population/total",
            "The population of {name} is {x}.",
            "How many people live in {name}?",
        ),
        (
            "People and Society/Languages/Languages",
            "The languages spoken are {x}.",
            "Which languages are spoken in {name}?",
        ),
        (
            "People and Society/Median age/total",
            "The median age is {x}.",
            "What is the median age in {name}?",
        ),
        (
            "People and Society/Life expectancy at birth/total population",
            "Life expectancy at birth is {x}.",
            "What is the life expectancy in {name}?",
        ),
        (
            "People and Society/Urbanization/urban population",
            "The urban population is {x}.",
            "What share of the population of {name} is urban?",
        ),
    ],
    "government": [
        (
            "Government/Capital/name",
            "The capital of {name} is {x}.",
            "What is the capital of {name}?",
        ),
        (
            "Government/Government type",
            "Its form of government is {x}.",
            "What is the form of government of {name}?",
        ),
        (
            "Government/Independence",
            "It dates its independence to {x}.",
            "When did {name} become independent?",
        ),
        (
            "Government/National holiday",
            "Its national holiday is {x}.",
            "What is the national holiday of {name}?",
        ),
        ("Government/Suffrage", "The voting age is {x}.", "Who may vote in {name}?"),
        (
            "Communications/Internet country code",
            "Its internet country code is {x}.",
            "What is the internet country code of {name}?",
        ),
    ],
    "economy": [
        (
            "Economy/Agricultural products",
            "The farms of {name} produce {x}.",
            "Which farm products come from {name}?",
        ),
        ("Economy/Industries", "Its industries are {x}.", "Which industries does {name} have?"),
        (
            "Economy/Exports - partners",
            "It exports to {x}.",
            "To which countries does {name} export?",
        ),
        (
            "Economy/Imports - commodities",
            "It imports {x}.",
            "What does {name} import?",
        ),
        (
            "Economy/Labor force",
            "Its labor force numbers {x}.",
            "How large is the labor force of {name}?",
        ),
        (
            "Transportation/Airports",
            "The number of airports is {x}.",
            "How many airports does {name} have?",
        ),
    ],
}
