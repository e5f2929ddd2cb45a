"""From a checkout to manifests: plain folders, Kustomize, Helm; one file each, one registry."""

from gitops_tui.render.inputs import Inputs, inputs_of
from gitops_tui.render.registry import render, renderer_of
from gitops_tui.render.request import RenderTarget

__all__ = ["Inputs", "RenderTarget", "inputs_of", "render", "renderer_of"]
