"""What ``recount claim new`` asks for: one field per question and option."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Field:
    """One part of an entry: its option, what the option's help says, and the question that asks for it."""

    name: str
    metavar: str
    help: str
    question: str = ""  # without one it is never asked for
    many: bool = False
    optional: bool = False

    @property
    def option(self) -> str:
        return self.name.replace("_", "-")


FIELDS = (
    Field("article", "KEY", "who printed it: an article of the register, or a short name for a new one", "Article (a key of the register, or a short name for a new one)"),
    Field("article_name", "TEXT", "what a new article is called, in your own words", "What is that article, in your own words"),
    Field("article_name_fr", "TEXT", "the same in French", "The same in French", optional=True),
    Field("article_published", "DATE", "when a new article was published, such as 2024-09-18", "When was it published (a date such as 2024-09-18)", optional=True),
    Field("article_source", "KEY", "a new article's key in sources.bib", "Its key in sources.bib", optional=True),
    Field("statement", "TEXT", "what it says, in your own words", "What does it say, in your own words"),
    Field("statement_fr", "TEXT", "the same in French", "The same in French", optional=True),
    Field("printed", "FIGURE", "the figure as printed, such as '519 mL'", "The figure as printed, without its unit"),
    Field("unit", "UNIT", "its unit, where --printed has none", "Its unit (mL, Wh, tCO2e … or 1)"),
    Field("relation", "WORD", "equals, about, nearly, more_than, at_least, less_than or up_to", "How does it say it (equals, about, nearly, more_than, at_least, less_than, up_to)"),
    Field("significant", "N", "how many of its digits count, where zeros leave that open"),
    Field("quantity", "NAME", "what it is a figure of, such as answer.usage_water", "Quantity of the model (such as answer.usage_water; empty if there is none)", optional=True),
    Field("via", "ROUTE", "the route, where the model has several", "Route"),
    Field("given", "CONTEXT", "what it is computed from, such as site:microsoft-us-average; repeat for more", "Contexts it is computed from, separated by commas", many=True, optional=True),
    Field("choose", "NAME=CONTEXT", "which context supplies a name that two of them hold; repeat for more", many=True, optional=True),
    Field("needs", "TEXT", "what would be needed to recompute it, where the model has no such quantity", "What would be needed to recompute it"),
    Field("boundary", "TEXT", "what the figure takes in and leaves out", "Boundary: what the figure takes in and leaves out", optional=True),
    Field("source", "KEY", "its primary source in sources.bib", "Primary source (a key of sources.bib; empty if you found none)", optional=True),
    Field("locator", "TEXT", "page or table of that source", "Page or table there"),
    Field("searched", "TEXT", "where you looked for a primary source in vain", "Where did you look for one", optional=True),
    Field("note", "TEXT", "how you read it"),
    Field("notebook", "NAME", "the notebook that tells it (default: made from the id)"),
    Field("id", "ID", "its name, such as email-water (default: made from article and quantity)", "A short id for the claim", optional=True),
)  # fmt: skip
