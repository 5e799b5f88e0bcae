"""The floors of the house: which folder may import which."""

# Folders, and modules beside them, from the ground up: each may import only what lies below it.
FLOORS = {
    "preprocessing": [
        {"errors", "read_ahead", "cores"},
        {"terminal"},
        {"files"},
        {"store"},
        {"labels", "videos"},
        {"backbones"},
        {"annotation", "extraction", "importing", "inspection"},
        {"cli"},
        {"__main__"},
    ],
    "trainer": [
        {"config", "task", "column_moments", "threads", "kernels", "recipes"},
        {"layout", "plan", "metrics"},
        {"batches", "model", "run"},
        {"devices"},
        {"backbone"},
        {"step", "same_features"},
        {"predictions", "export"},
        {"decoder", "bouts"},
        {"decoded", "annotations"},
        {"streaming", "advice"},
        {"report", "training"},
        {"trainings"},
        {"evaluation", "overlay", "tuning", "repeats", "ensemble"},
        {"labelling", "demo", "cross_validation", "review"},
        {"doctor", "trained"},
        {"cli"},
        {"__main__"},
    ],
}
