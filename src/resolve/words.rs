//! Names of the languages' own libraries that the resolver sees through.

/// Objects whose fields are the process environment.
pub(super) const ENVIRONMENTS: &[&str] = &[
    "os.environ",
    "process.env",
    "import.meta.env",
    "Bun.env",
    "Deno.env",
    "$env/dynamic/private.env",
    "$env/dynamic/public.env",
    "node:process.env",
    "cloudflare:workers.env",
    "dotenv.config().parsed",
    "std.env.vars()",
];

/// Classes whose objects read the variable that a call or method of theirs names.
pub(super) const ENV_OBJECTS: &[&str] = &[
    "environs.Env",
    "environs.FileAwareEnv",
    "environ.Env",
    "environ.FileAwareEnv",
    "decouple.AutoConfig",
    "decouple.Config",
    "starlette.config.Config",
];

/// What a call gives that is known by a name of its own: the variables of a dotenv file, or all of them.
pub(super) fn given_by(symbol: &str) -> Option<&'static str> {
    const LOADS: &[&str] = &[
        "dotenv.config",
        "dotenv.default.config",
        "dotenv.configDotenv",
        "dotenv-flow.config",
        "dotenv-flow.default.config",
    ];
    match symbol {
        "std.env.vars" | "env.vars" | "std.env.vars().collect" => Some("std.env.vars()"),
        _ => LOADS.contains(&symbol).then_some("dotenv.config()"),
    }
}

/// Methods that call a function with each element, or with the value that is there.
pub(super) const EACH: &[&str] =
    &["map", "forEach", "for_each", "flatMap", "flat_map", "filter_map", "and_then", "then"];

/// Classes that fill no field of those that inherit from them.
pub(super) const PLAIN_BASES: &[&str] = &[
    "object",
    "abc.ABC",
    "ABC",
    "Exception",
    "str",
    "int",
    "enum.Enum",
    "enum.StrEnum",
    "enum.IntEnum",
    "threading.Thread",
    "typing.Protocol",
];

/// Functions that say what a field of a data class is.
pub(super) const FIELDS: &[&str] = &["Field", "field", "attrib", "ib"];

/// Functions that copy an object with some of its fields changed.
pub(super) const COPIES: &[&str] = &["dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve"];

/// Names of a parameter that is given what the command line's parser read.
pub(super) const PARSED: &[&str] = &["args", "namespace", "parsed", "parsed_args", "opts", "options"];

/// Functions of frameworks in the place of a default: the argument is what the function they are given returns.
pub(super) const DEPENDENCIES: &[&str] =
    &["fastapi.Depends", "fastapi.params.Depends", "fastapi.Security", "fastapi.params.Security"];

/// The classes of Python that read INI files.
pub(super) const INI_PARSERS: [&str; 3] =
    ["configparser.ConfigParser", "configparser.RawConfigParser", "configparser.SafeConfigParser"];

/// What gives a parameter the value that the program provides for a token.
pub(super) const INJECTIONS: &[&str] = &["@nestjs/common.Inject", "@angular/core.Inject"];

/// Whether a decorator says that a parameter is an option of the command line.
pub(super) fn declares_option(symbol: &str) -> bool {
    let (of, last) = symbol.rsplit_once('.').unwrap_or(("", symbol));
    matches!(last, "option" | "argument") && matches!(of, "click" | "rich_click" | "asyncclick" | "cloup")
}

/// What stands in the place of an option's default.
pub(super) const OPTIONS: &[&str] = &["typer.Option", "typer.Argument"];

/// What makes an object of the class that it is given first, whose fields are options of the command line.
pub(super) const FILLS_FROM_OPTIONS: &[&str] =
    &["tyro.cli", "simple_parsing.parse", "pyrallis.parse", "draccus.parse", "datargs.parse"];

/// What runs the function or the class that it is given first with what the command line says.
pub(super) const MAKES_COMMANDS: &[&str] =
    &["tyro.cli", "fire.Fire", "typer.run", "defopt.run", "jsonargparse.CLI", "jsonargparse.auto_cli"];

/// Modules whose import in a test, and names of fixtures whose use there, tell that something else answers its requests.
pub(super) const ANSWERS_REQUESTS: &[&str] =
    &["respx", "responses", "requests_mock", "pytest_httpx", "respx_mock", "httpx_mock"];

/// Globals that a star import does not hide.
pub(super) const GLOBALS: &[&str] = &[
    "process", "os", "fetch", "require", "console", "JSON", "Object", "Deno", "Bun", "import", "str", "dict", "print",
    "open", "std", "super", "String", "Some", "Ok",
];

/// Functions whose result has the elements of their argument.
pub(super) const COLLECTING: &[&str] =
    &["tuple", "list", "set", "frozenset", "sorted", "reversed", "dict.fromkeys", "Array.from", "itertools.cycle"];

/// Functions that copy fields of several objects into one.
pub(super) const MERGING: &[&str] = &["assign", "merge", "extend", "defaults", "defaultsDeep", "defu", "deepmerge"];

/// Whether a function gives the fields of its arguments: `Some(true)` where the first one's come first.
pub(super) fn merges(symbol: &str) -> Option<bool> {
    match symbol.strip_suffix(".default").unwrap_or(symbol) {
        "Object.assign"
        | "lodash.merge"
        | "lodash.assign"
        | "lodash.extend"
        | "lodash.default.merge"
        | "lodash.default.assign"
        | "lodash/merge"
        | "lodash/assign"
        | "lodash-es.merge"
        | "lodash-es.assign"
        | "lodash.merge.default"
        | "deepmerge"
        | "ts-deepmerge.merge" => Some(false),
        "lodash.defaults"
        | "lodash.defaultsDeep"
        | "lodash.default.defaults"
        | "lodash.default.defaultsDeep"
        | "lodash/defaults"
        | "lodash/defaultsDeep"
        | "lodash-es.defaults"
        | "lodash-es.defaultsDeep"
        | "defu"
        | "defu.defu" => Some(true),
        _ => None,
    }
}

/// Methods that only take something out of what they are called on.
pub(super) const TAKING: [&str; 5] = ["pop", "popitem", "delete", "remove", "discard"];

/// Functions that do not change what they are given.
pub(super) const HARMLESS: &[&str] = &[
    "print",
    "len",
    "log",
    "info",
    "debug",
    "warn",
    "warning",
    "error",
    "stringify",
    "dumps",
    "freeze",
    "keys",
    "values",
    "entries",
    "isinstance",
    "pprint",
    "println!",
    "info!",
    "debug!",
    "dbg!",
    "sorted",
    "repr",
    "str",
    "bool",
];

/// Methods after which a string is the same for the purpose at hand.
pub(super) const SAME: &[&str] = &[
    "to_string",
    "to_owned",
    "into",
    "clone",
    "as_str",
    "as_ref",
    "as_deref",
    "as_bytes",
    "unwrap",
    "expect",
    "ok",
    "unwrap_or_default",
    "get_secret_value",
    "toString",
    "encode",
    "decode",
    "String",
    "into_string",
    "into_boxed_str",
    "to_str",
    "cloned",
    "copied",
    "valueOf",
    "lower",
    "toLowerCase",
    "to_lowercase",
    "context",
    "with_context",
    "map_err",
    "resolve_value",
    "reveal",
    "expose_secret",
    "ok_or",
    "ok_or_else",
    "href",
    "to_string_lossy",
    "into_owned",
    "borrow",
    "parse",
    "freeze",
    "build_url",
    "filter",
    "required",
    "asString",
    "asUrlString",
];

/// Whether a call gives a map with nothing in it yet: what is in it has been put there since.
pub(super) fn makes_empty(symbol: &str) -> bool {
    let (of, method) = symbol.rsplit_once('.').unwrap_or(("", symbol));
    matches!(method, "new" | "default" | "with_capacity")
        && matches!(of.rsplit('.').next(), Some("HeaderMap" | "HashMap" | "BTreeMap"))
}

/// Methods of Python's models and data classes that give a mapping of their fields.
pub(super) const AS_MAPPING: &[&str] = &["model_dump", "dict", "_asdict", "asdict", "to_dict"];

/// Methods of Rust that give an object like the one they are called on, or that is in it.
pub(super) const COPYING: &[&str] =
    &["clone", "to_owned", "as_ref", "borrow", "into", "unwrap", "expect", "ok_or", "ok_or_else"];

/// Methods of Rust that give what is there, and nothing else.
pub(super) const INSISTING: &[&str] = &["unwrap", "expect", "ok_or", "ok_or_else", "context", "with_context"];

/// What a method that changes the case of a text makes of it.
pub(super) fn in_other_case(method: &str, text: &str) -> Option<String> {
    match method {
        "lower" | "toLowerCase" | "to_lowercase" | "to_ascii_lowercase" | "casefold" => Some(text.to_lowercase()),
        "upper" | "toUpperCase" | "to_uppercase" | "to_ascii_uppercase" => Some(text.to_uppercase()),
        _ => None,
    }
}

/// Methods that cut white space or given characters off the ends.
pub(super) const TRIMMING: &[&str] = &[
    "strip",
    "rstrip",
    "lstrip",
    "trim",
    "trimEnd",
    "trimStart",
    "trim_end",
    "trim_start",
    "trim_end_matches",
    "trim_start_matches",
    "trim_matches",
    "removeprefix",
    "removesuffix",
];

/// What one of them leaves of a text.
pub(super) fn trimmed<'a>(method: &str, text: &'a str, cut: &str) -> &'a str {
    let set: Vec<char> = cut.chars().collect();
    match method {
        "removeprefix" => text.strip_prefix(cut).unwrap_or(text),
        "removesuffix" => text.strip_suffix(cut).unwrap_or(text),
        "trim_start_matches" => text.trim_start_matches(cut),
        "trim_end_matches" => text.trim_end_matches(cut),
        "lstrip" => text.trim_start_matches(set.as_slice()),
        "rstrip" => text.trim_end_matches(set.as_slice()),
        _ => text.trim_matches(set.as_slice()),
    }
}

/// Whether a method gives what it is called on, but for its case, its form or the white space around it.
pub(super) fn keeps(method: &str) -> bool {
    SAME.contains(&method) || TRIMMING.contains(&method)
}

/// Whether a field of an environment object is one of its methods.
pub(super) fn is_method(name: &str) -> bool {
    matches!(
        name,
        "get" | "setdefault" | "update" | "has" | "set" | "toObject" | "items" | "keys" | "pop" | "copy" | "collect"
    )
}

/// Whether a method takes the arguments of the call that makes an instance.
pub(super) fn is_constructor(method: &str) -> bool {
    matches!(method, "__init__" | "constructor")
}

/// Whether a method runs when an instance is made, so that what it assigns is there afterwards.
pub(super) fn fills_instance(method: &str) -> bool {
    is_constructor(method) || method == "__new__" || fills_after(method)
}

/// Whether a method runs when an object has been made by its fields.
pub(super) fn fills_after(method: &str) -> bool {
    matches!(method, "__post_init__" | "__attrs_post_init__" | "model_post_init")
}

/// Whether a function reads the environment variable that its first argument names.
pub(super) fn is_env_read(symbol: &str) -> bool {
    const READS: &[&str] = &[
        "os.getenv",
        "os.environ.get",
        "os.environ.pop",
        "Deno.env.get",
        "std.env.var",
        "std.env.var_os",
        "env.var",
        "env.var_os",
        "dotenvy.var",
        "dotenv.var",
        "decouple.config",
        "environ.Env.str",
        "dotenv.get_key",
        "langchain_core.utils.secret_from_env",
        "langchain_core.utils.utils.secret_from_env",
        "langchain_core.utils.from_env",
        "haystack.utils.Secret.from_env_var",
        "haystack.utils.auth.Secret.from_env_var",
        "posix.getenv",
        "genai.resolver.AuthData.from_env",
        "std.env.vars().get",
        "effect.Config.string",
        "effect.Config.redacted",
        "effect.Config.secret",
        "effect.Config.nonEmptyString",
    ];
    READS.contains(&symbol)
}

/// Which argument a call stands for, where it only wraps it.
pub(super) fn transparent(symbol: &str) -> Option<usize> {
    const FIRST: &[&str] = &[
        "str",
        "String",
        "SecretStr",
        "pydantic.SecretStr",
        "pydantic.v1.SecretStr",
        "httpx.URL",
        "URL",
        "url.Url.parse",
        "url.Url.from_str",
        "Url.parse",
        "String.from",
        "std.string.String.from",
        "Some",
        "Ok",
        "Arc.new",
        "std.sync.Arc.new",
        "Box.new",
        "Rc.new",
        "LazyLock.new",
        "std.sync.LazyLock.new",
        "Lazy.new",
        "once_cell.sync.Lazy.new",
        "once_cell.unsync.Lazy.new",
        "SecretString.from",
        "SecretString.new",
        "secrecy.SecretString.from",
        "secrecy.SecretString.new",
        "haystack.utils.Secret.from_token",
        "haystack.utils.auth.Secret.from_token",
        "dict",
        "copy.copy",
        "copy.deepcopy",
        "Object.freeze",
        "structuredClone",
        "Promise.resolve",
        "Promise.all",
        "effect.Redacted.value",
        "Cow.from",
        "types.MappingProxyType",
        "dataclasses.asdict",
        "attr.asdict",
        "attrs.asdict",
        "vars",
        "pydantic.HttpUrl",
        "pydantic.AnyHttpUrl",
        "pydantic.AnyUrl",
        "HashMap.from_iter",
        "std.collections.HashMap.from_iter",
        "reqwest.Url.parse",
        "unref",
        "toRaw",
        "HeaderName.from_str",
        "HeaderName.from_static",
        "reqwest.header.HeaderName.from_str",
        "reqwest.header.HeaderName.from_static",
        "HeaderValue.from_str",
        "HeaderValue.from_static",
        "HeaderValue.try_from",
        "reqwest.header.HeaderValue.try_from",
        "reqwest.header.HeaderValue.from_str",
        "reqwest.header.HeaderValue.from_static",
        "Headers",
        "@angular/common/http.HttpHeaders",
        "encodeURI",
        "clust.ApiKey.new",
        "genai.resolver.AuthData.from_single",
        "genai.resolver.AuthData.Key",
        "genai.resolver.Endpoint.from_static",
        "genai.resolver.Endpoint.from_owned",
    ];
    match symbol {
        "typing.cast" | "cast" => Some(1),
        _ => (FIRST.contains(&symbol) || DEPENDENCIES.contains(&symbol)).then_some(0),
    }
}

/// Whether a function of this name reads a setting that its first argument names.
pub(super) fn reads_by_name(function: &str) -> bool {
    let lower = function.to_ascii_lowercase();
    ["env", "secret", "config", "setting", "getvar", "variable"].iter().any(|word| lower.contains(word))
        || matches!(lower.as_str(), "get" | "getorthrow" | "getproperty")
}

/// Whether a function of some library reads data from a text or a file: `json.load`, `yaml.safe_load`, `JSON.parse`,
/// `toml::from_str`.
pub(super) fn loads(function: &str) -> bool {
    matches!(
        function,
        "load"
            | "loads"
            | "safe_load"
            | "full_load"
            | "parse"
            | "from_str"
            | "from_reader"
            | "readJson"
            | "readJsonSync"
            | "readJSON"
            | "readJSONSync"
    )
}

/// Whether a text is written like an environment variable's name: `OPENAI_API_KEY`.
pub(super) fn is_env_name(text: &str) -> bool {
    text.len() >= 3
        && text.len() <= 80
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.contains('_')
}

/// Where the defaults of a store that outlives the program stand in the call that makes it: which argument, which field.
pub(super) fn defaults_of_store(symbol: &str) -> Option<(usize, Option<&'static str>)> {
    match symbol.strip_suffix(".default").unwrap_or(symbol) {
        "conf" | "electron-store" => Some((0, Some("defaults"))),
        "configstore" => Some((1, None)),
        _ => None,
    }
}
