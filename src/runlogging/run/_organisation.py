"""Tags, properties, names, children and models of a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging._records import step_of
from runlogging._values import OddNumbers, digits, normalise, scalar_of
from runlogging.folder import Manifest, clean_text, put_at
from runlogging.run._base import RunBase

if TYPE_CHECKING:
    import builtins
    from typing import Self

    from runlogging.run._experiment import Experiment
    from runlogging.run._models import Model
    from runlogging.submit import ScriptRunConfig

Tags = dict[str, str | None]


class Organisation(RunBase):
    """What a run is called, what is said of it, and what belongs to it. All of it is allowed after the end, too."""

    # ------------------------------------------------------------------ tags and properties

    @property
    def tags(self) -> Tags:
        """The run's tags."""
        return self._manifest.tags

    def get_tags(self) -> Tags:
        """Return the run's tags: text to text or None."""
        return self.tags

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag, with or without a value.

        Args:
            key: any text.
            value: text or None; numbers and bools are kept as their text.

        Raises:
            InvalidValueError: the key is no text, or the value is none of these.
        """
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object] | str) -> None:
        """Set several tags; others stay. A text alone is a tag without a value.

        Raises:
            InvalidValueError: a key is no text, or a value is none that `tag` takes.
        """
        checked = checked_tags({tags: None} if isinstance(tags, str) else tags)
        self._change("the tags", lambda manifest: manifest.tags.update(checked))

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove a tag or several; one that the run has not is passed over.

        Raises:
            InvalidValueError: it is neither a text nor a list of texts; nothing is removed.
        """
        if not isinstance(tags, Iterable):
            raise InvalidValueError(f"tags to remove are a text or a list of texts, not {type(tags).__name__}")
        keys = [_checked_text(key, "a tag's key") for key in ([tags] if isinstance(tags, str) else tags)]

        def remove(manifest: Manifest) -> None:
            for key in keys:
                manifest.tags.pop(key, None)

        self._change("the tags", remove)

    @property
    def properties(self) -> dict[str, str]:
        """The run's properties."""
        return self._manifest.properties

    def get_properties(self) -> dict[str, str]:
        """Return the run's properties: text to text."""
        return self.properties

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties, which never change again.

        Raises:
            InvalidValueError: the run has another value for a key, or a key or value is no text; nothing is added.
        """
        checked = checked_properties(properties)

        def add(manifest: Manifest) -> None:
            check_properties(manifest, checked)
            manifest.properties.update(checked)

        self._change("the properties", add)

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters."""
        return self._manifest.parameters

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Set parameters of the run, such as ``{"alpha": 0.4, "layers": [64, 64]}``; others stay.

        Values are kept as JSON. Texts under keys that name a secret are replaced.

        Raises:
            InvalidValueError: it is no mapping.
        """
        plain = checked_parameters(parameters, self._redactor)
        self._change("the parameters", lambda manifest: manifest.parameters.update(plain))

    # ------------------------------------------------------------------ names

    @property
    def name(self) -> str | None:
        """The run's name for people; None where it has none."""
        return self._manifest.name

    @property
    def display_name(self) -> str:
        """The run's name for people, or its id."""
        return self._manifest.name or self.id

    @display_name.setter
    def display_name(self, name: str) -> None:
        checked = _checked_text(name, "a display name")
        self._change("the name", lambda manifest: setattr(manifest, "name", checked))

    @property
    def description(self) -> str | None:
        """What is said of the run."""
        return self._manifest.description

    @description.setter
    def description(self, text: str | None) -> None:
        checked = None if text is None else _checked_text(text, "a description")
        self._change("the description", lambda manifest: setattr(manifest, "description", checked))

    @property
    def number(self) -> int | None:
        """The run's number in its experiment, from 1; None for a run that a handler made."""
        return self._manifest.number

    @property
    def type(self) -> str | None:
        """What kind of run it is."""
        return self._manifest.type

    @property
    def experiment(self) -> Experiment:
        """The run's experiment."""
        return self._experiment_class()(self.path.parent.parent, self.path.parent.name)

    @classmethod
    def _experiment_class(cls) -> builtins.type[Experiment]:
        from runlogging.run._experiment import Experiment

        return Experiment

    # ------------------------------------------------------------------ parent and children

    @property
    def parent(self) -> Self | None:
        """The parent run, or None. What is logged to it from here goes into files of this process."""
        parent = self._manifest.parent
        if parent is None:
            return None
        run = type(self).__new__(type(self))
        run._bind_path(self.path.parent / parent)
        return run

    def child_run(self, name: str | None = None, run_id: str | None = None, **options: Any) -> Self:
        """Start a child of this run.

        Args:
            name: a name for people.
            run_id: its id; None makes a new one.
            options: as for `start_run`: tags, description, properties, parameters, outputs ...

        Raises:
            ExistsError: there is a run of this id.
        """
        from runlogging.run._start import start_child

        return start_child(self, name=name, run_id=run_id, **options)

    def submit_child(
        self, config: ScriptRunConfig, tags: Mapping[str, object] | None = None, *, name: str | None = None
    ) -> Self:
        """Submit a script as a child of this run; see `Experiment.submit`.

        Raises:
            InvalidValueError, RootError: as there.
        """
        from runlogging.submit._submitting import submit

        return submit(type(self), self.path.parent, config, tags, parent=self.id, name=name)  # type: ignore[type-var]

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Iterable[str] | None = None,
    ) -> list[Self]:
        """Make children that are not started; each starts with its first verb, in whatever process that is.

        Args:
            count: how many; or instead
            tag_key: a tag, and
            tag_values: its values: one child for each.

        Raises:
            InvalidValueError: neither a count alone nor key and values are given; no child is made.
        """
        from runlogging.run._start import prepare_child

        if (tag_key is None) != (tag_values is None) or (count is None) == (tag_key is None):
            raise InvalidValueError("create_children takes either count, or tag_key and tag_values")
        if count is not None:
            number = None if isinstance(count, bool) else step_of(count)
            if number is None or number < 0:
                raise InvalidValueError(f"count is a whole number, 0 or more, not {count!r:.80}")
            return [prepare_child(self, {}) for _ in range(number)]
        if isinstance(tag_values, str) or not isinstance(tag_values, Iterable):
            raise InvalidValueError(f"tag_values are a list of values, not {type(tag_values).__name__}")
        wanted = [checked_tags({tag_key: value}) for value in tag_values]
        return [prepare_child(self, tags) for tags in wanted]

    def get_children(
        self,
        recursive: bool = False,
        tags: Any = None,
        properties: Any = None,
        type: str | None = None,  # noqa: A002  (Azure's name)
        status: str | None = None,
    ) -> Iterator[Self]:
        """Yield the children, newest first.

        Args:
            recursive: whether their children come too.
            tags: a text (the tag is there), a list of texts (all are), or a mapping (all have these values).
            properties: likewise.
            type: only runs of this type.
            status: only runs of this status.

        Raises:
            InvalidValueError: the tags or properties are none of these.
        """
        from runlogging.reading import children_of, has_properties, has_tags

        has_tags({}, tags)
        has_properties({}, properties)
        return (
            self._opened(child.path)
            for child in reversed(children_of(self.reader, recursive=recursive))
            if has_tags(child.tags, tags) and has_properties(child.properties, properties)
            if type in (None, child.type) and status in (None, child.status)
        )

    def _opened(self, path: Any) -> Self:
        run = type(self).__new__(type(self))
        run._bind_path(path)
        return run

    # ------------------------------------------------------------------ models

    def register_model(
        self,
        model_name: str,
        model_path: str | os.PathLike[str] | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        description: str | None = None,
    ) -> Model:
        """Keep a file or folder as the next version of a model, in ``.models`` of the root.

        Args:
            model_name: the model's name: 1 to 128 of letters, digits, ``. _ -`` and space.
            model_path: an artifact of the run, or the beginning of the names of several (``outputs/model``), else a
                file or folder of the working directory; None takes the model's name.
            tags: of the model.
            properties: of the model.
            description: of the model.

        Raises:
            InvalidNameError: the name is not allowed.
            InvalidValueError: a tag, property or description is none, or the path is no path.
            ArtifactNotFoundError: neither the run nor the working directory has such a file.
        """
        from runlogging.run._models import register

        said = None if description is None else _checked_text(description, "a description")
        wanted = checked_tags(tags or {}), checked_properties(properties or {})
        return register(self, model_name, model_path, *wanted, said)


def check_properties(manifest: Manifest, properties: Mapping[str, str]) -> None:
    """Check that no property of a run gets another value.

    Raises:
        InvalidValueError: one does.
    """
    for key, value in properties.items():
        if manifest.properties.get(key, value) != value:
            raise InvalidValueError(
                f"the property {key!r} is {manifest.properties[key]!r} and cannot become {value!r}; "
                "a property is written once, use a tag for what changes"
            )


def checked_tags(tags: object) -> Tags:
    """Return tags as text to text or None; numbers and bools become their text.

    Raises:
        InvalidValueError: it is no such mapping.
    """
    if not isinstance(tags, Mapping):
        raise InvalidValueError(f"tags are a mapping of text to text or None, not {type(tags).__name__}")
    return {_checked_text(key, "a tag's key"): _text_or_none(key, value) for key, value in tags.items()}


def checked_properties(properties: object) -> dict[str, str]:
    """Return properties as text to text; numbers and bools become their text.

    Raises:
        InvalidValueError: it is no such mapping.
    """
    if not isinstance(properties, Mapping):
        raise InvalidValueError(f"properties are a mapping of text to text, not {type(properties).__name__}")
    checked = checked_tags(properties)
    for key, value in checked.items():
        if value is None:
            raise InvalidValueError(f"the property {key!r} has no value; a tag may have none")
    return {key: value for key, value in checked.items() if value is not None}


def checked_parameters(parameters: object, redactor: Any) -> dict[str, Any]:
    """Return parameters as plain JSON, without secrets.

    Raises:
        InvalidValueError: it is no mapping.
    """
    if not isinstance(parameters, Mapping):
        raise InvalidValueError(f"parameters are a mapping of name to value, not {type(parameters).__name__}")
    plain: dict[str, Any] = {}
    for key, value in parameters.items():
        name, odd = _checked_text(key, "a parameter's name"), OddNumbers()
        normal = normalise(value, odd)
        for pointer, text in (odd.nonfinite | odd.exact).items():  # what JSON has no number for stands as its text
            normal = put_at(normal, pointer, text)
        plain[name] = redactor.attribute(name, normal)
    return plain


def _text_or_none(key: str, value: object) -> str | None:
    value = scalar_of(value)
    if value is None:
        return None
    if isinstance(value, bool | float):
        return str(value)
    if isinstance(value, int):
        return digits(value)
    if isinstance(value, str):
        return clean_text(value)
    raise InvalidValueError(f"{key!r} has a {type(value).__name__} as its value; a value is text or None")


def _checked_text(text: object, what: str) -> str:
    if not isinstance(text, str) or not text:
        raise InvalidValueError(f"{what} is a text of at least one character, not {text!r:.80}")
    return clean_text(text)
