"""What a rendering was made from."""

from gitops_tui.render.inputs.files import Inputs, inputs_of

__all__ = ["Inputs", "inputs_of"]
