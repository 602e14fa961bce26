"""Which language an answer has, and that everything in it has it: pages, JSON, refusals.

Asked for in this order (docs/decisions/0059): `?lang=ro`; on a page what was chosen before (a
cookie that holds `en` or `ro`); what the browser asks for (`Accept-Language`), at the touchscreen
the unit's own language instead, since nobody sets that browser up; the unit's own language. JSON is
English unless it is asked for in another one.

    add_languages(app, settings)        # jsonify, templates and `_` follow the request
    find_language()                     # of the present request

Reads: the request, the settings. Writes: the cookie, where a person chooses by `?lang=`.
Never: refuses a page for a language that we lack: it comes in the next that was asked for.
"""

from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import BadRequest

from appliance.sections.network import PageLanguage
from appliance.settings import Settings
from appliance.strict_json import show
from appliance.web.origins import Origin, find_origin
from appliance.web.questions import LANGUAGE
from appliance.wording.sentence import Sentence, say, say_count
from appliance.wording.translating import ENGLISH, LANGUAGES, translate

COOKIE = "language"
KEPT_S = 365 * 86_400
API = "/api/"
NAMES = {"en": "English", "ro": "Română"}
OWN = "UNIT_LANGUAGE"  # in the application's configuration


class TranslatingJson(DefaultJSONProvider):
    """JSON with its sentences in the language of the request."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(translate(obj, find_language()), **kwargs)


def add_languages(app: Flask, settings: Settings) -> None:
    """Let everything that the application answers follow the language of its request."""
    app.config[OWN] = settings.web.language
    app.json = TranslatingJson(app)
    app.jinja_env.finalize = show_translated
    app.jinja_env.globals.update(_=tell, _n=tell_count)
    app.before_request(refuse_unknown)
    app.after_request(keep_choice)

    @app.context_processor
    def give_language() -> dict[str, Any]:
        return {"language": find_language(), "language_names": NAMES}


def find_language() -> str:
    """The language of the present request; English outside of one."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        g.language = choose_api_language() if is_api() else choose_page_language()
    return str(g.language)


def choose_api_language() -> str:
    """For a program: English unless it asks for another one."""
    return choose_asked() or ask_browser() or ENGLISH


def choose_page_language() -> str:
    """For a person."""
    own: PageLanguage = current_app.config[OWN]
    chosen = choose_asked() or select_known(request.cookies.get(COOKIE, ""))
    if chosen or find_origin(request.environ) is Origin.TOUCHSCREEN:
        return chosen or own.value
    return ask_browser() or own.value


def choose_asked() -> str:
    """What the address asks for; "" where it asks for none that we have."""
    return select_known(request.args.get(LANGUAGE, ""))


def ask_browser() -> str:
    """What `Accept-Language` asks for; "" where it names none that we have."""
    return request.accept_languages.best_match(LANGUAGES, "") or ""


def select_known(name: str) -> str:
    """That language; "" where we lack it."""
    return name if name in LANGUAGES else ""


def is_api() -> bool:
    """Whether a program asks."""
    return request.path.startswith(API)


def refuse_unknown() -> None:
    """A program that asks for a language that we lack is told which there are."""
    asked = request.args.get(LANGUAGE)
    if asked is not None and is_api() and not select_known(asked):
        raise BadRequest(
            say(
                "{language}: {asked} is none of {languages}",
                language=LANGUAGE,
                asked=show(asked),
                languages=", ".join(LANGUAGES),
            )
        )


def keep_choice(answer: Response) -> Response:
    """Remember what a person chose; at the touchscreen only until that browser ends."""
    answer.vary.add("Accept-Language")
    chosen = choose_asked()
    if chosen and not is_api() and request.method == "GET":
        is_own = find_origin(request.environ) is Origin.TOUCHSCREEN
        kept_s = None if is_own else KEPT_S
        answer.set_cookie(COOKIE, chosen, max_age=kept_s, httponly=True, samesite="Lax")
    return answer


def tell(text: str, /, **values: Any) -> str:
    """A text of a template in the language of the request: `_("{name} is off", name=camera)`."""
    whole = text if isinstance(text, Sentence) else say(text, **values)
    return str.__str__(translate(whole, find_language()))


def tell_count(one: str, many: str, /, count: float, **values: Any) -> str:
    """The same with a plural: `_n("{count} camera", "{count} cameras", cameras | length)`."""
    return str.__str__(translate(say_count(one, many, count, **values), find_language()))


def show_translated(value: Any) -> Any:
    """What a template prints: a sentence in the language of the request."""
    return translate(value, find_language()) if isinstance(value, Sentence) else value
