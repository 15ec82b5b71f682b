"""The book's widgets: anywidgets whose arithmetic runs in the reader's browser."""

from lmcore.widgets.albert_factorization import AlbertFactorization
from lmcore.widgets.attention_explorer import AttentionExplorer
from lmcore.widgets.bpe_stepper import BpeStepper
from lmcore.widgets.compute_calculator import ComputeCalculator, training_cost
from lmcore.widgets.electra_explorer import ElectraExplorer
from lmcore.widgets.electra_stepper import ElectraStepper
from lmcore.widgets.input_composer import InputComposer
from lmcore.widgets.layer_mapping import LayerMapping
from lmcore.widgets.mask_comparison import MaskComparison
from lmcore.widgets.mask_filler import MaskFiller
from lmcore.widgets.masking_lab import MaskingLab
from lmcore.widgets.order_judge import OrderJudge
from lmcore.widgets.pack import pack_model
from lmcore.widgets.page_model import PageModel
from lmcore.widgets.parameter_ledger import ParameterLedger
from lmcore.widgets.prompt_builder import PromptBuilder
from lmcore.widgets.quiz import Quiz
from lmcore.widgets.sampling_explorer import SamplingExplorer
from lmcore.widgets.soft_targets import SoftTargets
from lmcore.widgets.span_picker import SpanPicker, span_example
from lmcore.widgets.text_generator import TextGenerator
from lmcore.widgets.training_monitor import TrainingMonitor

__all__ = [
    "AlbertFactorization",
    "AttentionExplorer",
    "BpeStepper",
    "ComputeCalculator",
    "ElectraExplorer",
    "ElectraStepper",
    "InputComposer",
    "LayerMapping",
    "MaskComparison",
    "MaskFiller",
    "MaskingLab",
    "OrderJudge",
    "PageModel",
    "ParameterLedger",
    "PromptBuilder",
    "Quiz",
    "SamplingExplorer",
    "SoftTargets",
    "SpanPicker",
    "TextGenerator",
    "TrainingMonitor",
    "pack_model",
    "span_example",
    "training_cost",
]
