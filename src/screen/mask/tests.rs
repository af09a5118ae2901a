use super::*;

fn masks(form: Form, text: &str, secret: &str) {
    assert!(text.contains(secret), "{text}");
    let masked = mask(text, form, &[]);
    assert_eq!(masked.len(), text.len(), "{masked}");
    assert!(!masked.contains(secret), "{masked}");
    for line in secret.lines().filter(|line| line.len() > 3) {
        assert!(!masked.contains(line), "{masked}");
    }
}

#[test]
fn patterns_compile() {
    for shape in ALL {
        assert!(shape.compiled("a").is_some() && shape.compiled("é").is_some(), "{}", shape.source);
    }
}

proptest::proptest! {
    #[test]
    fn in_ascii_both_expressions_say_the_same(
        parts in proptest::collection::vec("[ -~\t\n]{0,3}|key|TOKEN|secret|name|value|bearer |sk-|\\$\\{|[=:?&\"'@.]|://|[a-zA-Z0-9_]{16,30}", 0..12)
    ) {
        let text = parts.concat();
        for shape in ALL {
            let both = [&text, &format!("{text}\né")].map(|text| {
                shape.compiled(text).unwrap().captures_iter(text.as_bytes())
                    .map(|found| (0..found.group_len()).map(|group| found.get_group(group).map(|part| part.range())).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            });
            // What stands on the last line is told apart by its end.
            let within = |found: &Vec<Vec<Option<Range<usize>>>>| {
                found.iter().filter(|groups| groups[0].as_ref().is_some_and(|range| range.end < text.len())).cloned().collect::<Vec<_>>()
            };
            proptest::prop_assert_eq!(within(&both[0]), within(&both[1]), "{}", shape.source);
            proptest::prop_assert!(both[0].is_empty() || shape.may_match(&text), "{}", shape.source);
        }
    }
}

#[test]
fn keys_of_two_parts() {
    let secret = "Qq0Ww1".repeat(3);
    let key = format!("{}.{secret}", "0123456789abcdef".repeat(2));
    for form in [Form::Code, Form::Prose, Form::Path] {
        for text in [format!("f('{key}')"), format!("{key}{key}api.com"), format!("{key}_old")] {
            masks(form, &text, &secret);
        }
    }
}

/// The parts are too short for anything that looks at one of them alone.
#[test]
fn keys_that_go_on() {
    let parts = ["sk-Qq0Ww1Ee2R", "r3Tt4Yy5Uu6", "Ii7Oo8Pp9A"];
    for between in [
        "'  # the first\n    '",
        "' + // the first\n    '",
        "' f'",
        "'+f'",
        "` + `",
        "\\\n",
        "\\\r\n    ",
        "\\\n# ",
        "'\n    '",
        "' + '",
        "' \\\n    '",
    ] {
        let masked = mask(&format!("x = '{}'", parts.join(between)), Form::Code, &[]);
        assert!(!masked.contains(['2', '3', '7']), "{masked}");
    }
    let parts = ["hf_Qq0Ww1Ee2Rr3Tt4", "Yy5Uu6Ii7Oo8Pp9Aa0"];
    for between in ["' + '", "'\n    '", "\\\n"] {
        let masked = mask(&format!("x = '{}'", parts.join(between)), Form::Code, &[]);
        assert!(!masked.contains("Ee2R") && !masked.contains("Oo8P"), "{masked}");
    }
    let identifier = "0123456789abcdef".repeat(2);
    for at in [20, 31, 32, 33, 38] {
        let key = format!("{identifier}.{}", "Qq0Ww1".repeat(3));
        let masked = mask(&format!("x = '{}' + '{}'", &key[..at], &key[at..]), Form::Code, &[]);
        assert!(!masked.contains(['Q', 'W']), "{masked}");
    }
    assert_eq!(mask("x = 'app_settings' + 'production'", Form::Code, &[]), "x = 'app_settings' + 'production'");
    // What is no part of it.
    for text in ["x = 'sk-Qq0Ww1Ee2R', 'r3Tt4Yy5Uu6'", "x = 'sk-Qq0Ww1Ee2R'\nr3Tt4Yy5Uu6 = 1"] {
        assert!(mask(text, Form::Code, &[]).contains("r3Tt4Yy5Uu6"));
    }
}

#[test]
fn keys_by_prefix() {
    let body = "Qq0Ww1".repeat(5);
    for prefix in [
        "sk-",
        "sk-proj-",
        "sk-or-v1-",
        "sk-ant-api03-",
        "gsk_",
        "xai-",
        "pplx-",
        "hf_",
        "AIza",
        "ghp_",
        "nvapi-",
        "r8_",
        "fw_",
        "tgp_v1_",
        "csk-",
        "unknown_",
    ] {
        let masked = mask(&format!("call({prefix}{body})"), Form::Code, &[]);
        assert!(!masked.contains("Qq0W"), "{masked}");
        assert!(prefix == "unknown_" || masked.contains(prefix), "{masked}");
        masks(Form::Prose, &format!("the key {prefix}{body} is"), "Qq0W");
        if prefix != "unknown_" {
            masks(Form::Path, &format!("x/{prefix}{body}/y"), "Qq0W");
        }
    }
    masks(Form::Code, "x('sk-your-mixroute-key')", "mixroute-key");
}

#[test]
fn values_by_name() {
    for (text, secret) in [
        ("api_key = 'hunter'", "hunter"),
        ("client = OpenAI(api_key=\"hunter\")", "hunter"),
        ("const apiKey: string = `hunter`;", "hunter"),
        ("pub const API_KEY: &'static str = \"hunter\";", "hunter"),
        ("{\"x-api-key\": 'hunter'}", "hunter"),
        ("os.environ[\"OPENAI_API_KEY\"] = \"hunter\"", "hunter"),
        ("os.getenv(\"OPENAI_API_KEY\", \"hunter\")", "hunter"),
        ("api_key=(\n    'hunter'\n)", "hunter"),
        ("secret = '''hun\nter2'''", "ter2"),
        ("with_api_key(r#\"hunter\"#)", "hunter"),
        ("PASSWORD = 'hun\\'ter'", "ter"),
        ("password = 'my-long-password1'", "my-long"),
        ("token = 'hunter", "hunter"),
        ("\"Authorization\": \"hunter\"", "hunter"),
        ("h = 'Bearer hunter'", "hunter"),
        ("url = 'https://user:hunter@host/v1'", "hunter"),
        ("parser.add_argument('--api-key', default='hunter')", "hunter"),
        ("OpenAI(api_key=os.environ.get('OPENAI_API_KEY') or 'hunter')", "hunter"),
        ("api_key: SecretStr = Field(default='hunter')", "hunter"),
        ("os.environ.setdefault('OPENAI_API_KEY', 'hunter')", "hunter"),
        ("const k = process.env.KEY ?? 'hunter'", "hunter"),
        ("process.env['OPENAI_API_KEY'] ||= 'hunter'", "hunter"),
        ("new OpenAI({ apiKey: cond ? 'hunter' : other })", "hunter"),
        ("new OpenAI({ apiKey: cond ? other : 'hunter' })", "hunter"),
        ("let key = String::from(\"hunter\");", "hunter"),
        ("subprocess.run(['curl', '-H', 'x-api-key: hunter'])", "hunter"),
        ("h = `Bearer ${key:-hunter}`", "hunter"),
        ("url = 'https://host/v1?api_key=hunter&x=1'", "hunter"),
    ] {
        masks(Form::Code, text, secret);
    }
    for (text, secret) in [
        ("OPENAI_API_KEY=hunter", "hunter"),
        ("export API_TOKEN=hunter x", "hunter"),
        (" api_key: hunter", "hunter"),
        ("PASSWORD=my hunter word # x", "hunter"),
        ("api_key: |-\n  hunter\n", "hunter"),
        ("- name: API_KEY\n  value: hunter\n", "hunter"),
    ] {
        masks(Form::Settings, text, secret);
    }
}

#[test]
fn values_in_shell() {
    for text in [
        "OPENAI_API_KEY=hunter python x.py",
        "curl -u me:hunter url",
        "curl --user 'me:hunter' url",
        "curl -H 'x-api-key: hunter'",
        "curl -H \"Authorization: Bearer hunter\"",
        "X=${API_KEY:-hunter}",
        "API_KEY=${X:-hunter}",
        "API_KEY=\"${X:-hunter}\"",
        "API_KEY=\"hunter\"",
    ] {
        masks(Form::Shell, text, "hunter");
    }
    let text = "OPENAI_API_KEY=$MIXROUTE_API_KEY python run.py --key-env=MY_KEY";
    assert_eq!(mask(text, Form::Shell, &[]), text);
}

#[test]
fn urls_with_a_random_part() {
    let hex = "0123456789abcdef".repeat(2);
    let text = format!("https://gateway.example.com/v1/{hex}/my-gateway/openai");
    assert_eq!(mask(&text, Form::Prose, &[]), text.replace(&hex, &"*".repeat(32)));
}

#[test]
fn long_runs() {
    let hex = "0123456789abcdef".repeat(2);
    masks(Form::Code, &format!("f('{hex}')"), &hex[4..12]);
    masks(Form::Code, "f('123e4567-e89b-12d3-a456-426614174000')", "e89b");
    masks(Form::Code, &format!("f('{}+{}')", "aB3dE6".repeat(4), "xY9/"), "aB3d");
}

#[test]
fn code_stays_readable() {
    for text in [
        "client = OpenAI(api_key=os.environ[\"MIXROUTE_API_KEY\"], base_url=\"https://console.mixroute.io/v1\")",
        "const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: 'https://api.openai.com/v1' })",
        "from huggingface_hub import hf_hub_download, hf_raise_for_status_or_none",
        "headers = {\"Authorization\": f\"Bearer {key}\"}",
        "model = \"meta-llama/Llama-3.3-70B-Instruct-Turbo\"",
        "let builder = OpenAIConfig::default().with_api_base(url)",
        "key_env: \"OPENAI_API_KEY\"",
        "this_is_a_rather_long_identifier_with_words_only()",
    ] {
        let masked = mask(text, Form::Code, &[]);
        // f\"Bearer {key}\" follows a name that says secret: its text may go, its neighbours may not.
        if !text.contains("Authorization") {
            assert_eq!(masked, text);
        }
    }
    for text in ["OPENAI_API_KEY=${MIXROUTE_API_KEY}", "api_key: ${{ secrets.MIXROUTE_KEY }}", "KEY: $X"] {
        assert_eq!(mask(text, Form::Settings, &[]), text);
    }
}

#[test]
fn names_of_folders() {
    let body = "Qq0W".repeat(10);
    assert_eq!(mask(&format!("a/{body}/b.py"), Form::Path, &[]), format!("a/Qq0WQq{}/b.py", "*".repeat(34)));
    assert_eq!(mask(&format!("a/{body}.py"), Form::Path, &[]), format!("a/Qq0WQq{}.py", "*".repeat(34)));
    for text in [
        "a/0123456789abcdef0123456789abcdef/b.py",
        "a/Chapter3Section2-Chapter4Section5-Introduction2024/b.py",
        "nix/store/0p7s2kq4b1m9v8x6w5z3y2n1l0kjhgfd-python3-3.12/b.py",
    ] {
        assert_eq!(mask(text, Form::Path, &[]), text);
    }
}

proptest::proptest! {
    #[test]
    fn every_byte_keeps_its_place(
        text in "([a-z]{0,3}(key|sk-|Bearer |://|é|漢)[=:@'\"`\\\\ \n]{0,4}[A-Za-z0-9_/+-]{0,30}){0,8}",
        start in 0..200_u32,
        len in 0..50_u32,
    ) {
        for form in [Form::Code, Form::Settings, Form::Shell, Form::Prose, Form::Path] {
            let masked = mask(&text, form, &[Span { start, end: start + len }]);
            proptest::prop_assert_eq!(masked.len(), text.len());
            proptest::prop_assert_eq!(masked.matches('\n').count(), text.matches('\n').count());
        }
    }
}

#[test]
fn spans_of_the_caller() {
    assert_eq!(mask("f('ab\ncd') é", Form::Code, &[Span::new(2, 9)]), "f('**\n**') é");
    assert_eq!(mask("aé", Form::Code, &[Span::new(2, 3)]), "a**");
    assert_eq!(mask("a", Form::Code, &[Span::new(7, 9)]), "a");
}
