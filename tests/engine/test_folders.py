"""Given folders of a repository, these are the applications."""

from __future__ import annotations

from gitops_tui.engine.views.folders import applications_from
from gitops_tui.model.application import FolderTemplate


def names(repository: str, *folders: str) -> list[str]:
    return [application.name for application in applications_from(FolderTemplate(repository), folders)]


def test_each_folder_is_an_application_named_after_it() -> None:
    web, api = applications_from(FolderTemplate("/srv/shop", pattern="apps/*"), ("apps/web", "apps/api"))
    assert (web.name, web.source.path, web.destination.namespace) == ("web", "apps/web", "web")
    assert api.name == "api"


def test_two_folders_of_one_name_are_told_apart_by_their_parents() -> None:
    assert names("/srv/shop", "blue/web", "green/web", "green/api") == ["blue-web", "green-web", "api"]


def test_the_root_is_named_after_the_repository() -> None:
    assert names("git@host:team/Shop_Config.git", "") == ["shop-config"]
    assert names("https://host/team/shop/", "") == ["shop"]


def test_a_name_is_always_a_label_value() -> None:
    (name,) = names("/r", "apps/" + "Ünïcode!" * 20)
    assert len(name) <= 63
    assert name.strip("-") == name
    assert name.replace("-", "").isalnum()


def test_a_given_namespace_holds_for_all() -> None:
    (web,) = applications_from(FolderTemplate("/r", namespace="shop"), ("web",))
    assert web.destination.namespace == "shop"
