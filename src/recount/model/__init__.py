"""The formulas: a function's name is the quantity it returns, its parameters those it needs.

An *activity* is a set of modules whose functions wire together by name; a *route* (``via``)
chooses the module that supplies what can be had in several ways. ``ROUTES`` is the only
list of them.
"""

_SITE = ("facility", "carbon", "water", "embodied", "equivalents", "travel", "training_cost")
_IMPACTS = ("accelerators", *_SITE)  # a route that computes the accelerators' energy itself takes _SITE
_EPSILON = ("energy_from_epsilon", "hours_from_energy", "chip")
_TRAINING_EPSILON = ("tokens_of_training", "epsilon_training", "energy_from_epsilon", "hours_from_it_energy", "chip")
_ROOFLINE = ("serving", "generation_step", "roofline", "epsilon_inference", "energy_from_epsilon")

ROUTES: dict[str, dict[str, tuple[str, ...]]] = {
    "training": {
        "declared": ("hours_from_compute", "energy_from_chips", *_IMPACTS),
        "compute": ("hours_from_compute", "energy_from_chips", "chip", *_IMPACTS),
        "chip_hours": ("hours_from_count", "energy_from_chips", "chip", *_IMPACTS),
        "llmcarbon": ("hours_from_compute", "energy_from_chips", "llmcarbon", *_IMPACTS),
        "epsilon": (*_TRAINING_EPSILON, *_IMPACTS),
    },
    "answer": {
        "epsilon": ("tokens_of_answers", "epsilon_inference", *_EPSILON, *_IMPACTS),
        "roofline": ("tokens_of_answers", *_ROOFLINE, *_IMPACTS),
        "per_answer": ("energy_per_answer", "hours_from_energy", "chip", *_IMPACTS),
        "ecologits": ("serving", "ecologits", *_SITE),
    },
    "use": {
        "epsilon": ("answers_of_users", "tokens_of_answers", "epsilon_inference", *_EPSILON, *_IMPACTS),
        "roofline": ("answers_of_users", "tokens_of_answers", *_ROOFLINE, *_IMPACTS),
        "per_answer": ("answers_of_users", "energy_per_answer", "hours_from_energy", "chip", *_IMPACTS),
        "visits": ("answers_of_visits", "energy_per_answer", "hours_from_energy", "chip", *_IMPACTS),
    },
    "travel": {"": ("travel",)},
    "architecture": {"": ("architecture",)},
    "money": {"": ("money", "training_cost", "hours_from_count")},
    "fleet": {"": ("fleet",)},
}

# Supplying the key leaves these unknown: a water intensity does not say where the water evaporates.
UNKNOWN_WITH = {"water_intensity": ("on_site_water", "off_site_water", "on_site_share")}
