"""Answers on 127.0.0.1 as OpenAI, a New-API relay (Mixroute), DashScope, OpenRouter, DeepSeek, Groq, Mistral, Anthropic,
xAI, Moonshot, SiliconFlow, Together, Gemini and Zhipu do.

One TLS server for all of them: which one speaks is decided by the Host header. `redirect/sitecustomize.py` and
`redirect/redirect.cjs` lead the SDKs here whatever host they want to talk to. A key is valid where its text names the
provider (`sk-your-mixroute-key` at Mixroute), so no real key is ever needed, and nothing leaves the machine.
"""

import json
import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONSOLE = """<!doctype html>
<html lang="zh">
  <head>
    <meta charset="utf-8" />
    <link rel="icon" href="/logo.png" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>New API</title>
    <script type="module" crossorigin src="/assets/index-CkTnYbIv.js"></script>
  </head>
  <body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body>
</html>
"""
REQUEST_ID = "20261124060512345678901abcdEFGH"


def masked(key):
    """As OpenAI masks: eight characters, stars, four characters; what is short is shown."""
    return key if len(key) <= 12 else key[:8] + "*" * (len(key) - 12) + key[-4:]


def openai_refuses(key, tail=""):
    text = (
        f"Incorrect API key provided: {masked(key)}. You can find your API key at "
        f"https://platform.openai.com/account/api-keys.{tail}"
    )
    error = {"message": text, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
    return 401, {"error": error}


def invalid_url(method, path):
    error = {"message": f"Invalid URL ({method} {path})", "type": "invalid_request_error", "param": None, "code": None}
    return 404, {"error": error}


def completion(path):
    if path.endswith("/embeddings"):
        return 200, {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}], "model": "m"}
    if path.endswith("/messages"):
        return 200, {"id": "msg", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                     "content": [{"type": "text", "text": "ok"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
    if path.endswith("/responses"):
        return 200, {"id": "resp", "object": "response", "created_at": 1, "model": "m", "status": "completed",
                     "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "output": [
                         {"type": "message", "id": "m", "role": "assistant", "status": "completed",
                          "content": [{"type": "output_text", "text": "ok", "annotations": []}]}],
                     "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
                               "input_tokens_details": {"cached_tokens": 0},
                               "output_tokens_details": {"reasoning_tokens": 0}}}
    return 200, {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}


KNOWN = re.compile(r"^/v1/(chat/completions|embeddings|responses|models|messages|traces/ingest)$")


def openai(method, path, key):
    if not KNOWN.match(path):
        return invalid_url(method, path)
    return completion(path) if "openai" in key and "mixroute" not in key else openai_refuses(key)


def relay(method, path, key, owner="mixroute", upstream=False):
    if not path.startswith(("/v1", "/api")):
        return 200, CONSOLE
    if not KNOWN.match(path):
        return invalid_url(method, path)
    if owner not in key or not key.startswith("sk-"):
        return 401, {"error": {"code": "", "message": f"无效的令牌 (request id: {REQUEST_ID})", "type": "new_api_error"}}
    return openai_refuses("sk-channel-key-of-the-relay", f" (request id: {REQUEST_ID})") if upstream else completion(path)


def dashscope(method, path, key):
    if "dashscope" in key:
        return completion(path)
    if path.startswith("/api/v1/services"):
        return 401, {"code": "InvalidApiKey", "message": "Invalid API-key provided.",
                     "request_id": "6f2c0a5e-9a53-9d0e-8a4b-3f5e2b7c1d90"}
    error = {"message": "Incorrect API key provided. For details, see: https://help.aliyun.com/zh/model-studio/error-code#apikey-error",
             "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
    return 401, {"error": error, "request_id": "6f2c0a5e-9a53-9d0e-8a4b-3f5e2b7c1d90"}


def openrouter(method, path, key):
    return completion(path) if "openrouter" in key else (401, {"error": {"message": "User not found.", "code": 401}})


def deepseek(method, path, key):
    if "deepseek" in key:
        return completion(path)
    text = f"Authentication Fails, Your api key: ****{key[-4:]} is invalid"
    error = {"message": text, "type": "authentication_error", "param": None, "code": "invalid_request_error"}
    return 401, {"error": error}


def groq(method, path, key):
    error = {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"}
    return completion(path) if "groq" in key else (401, {"error": error})


def anthropic(method, path, key):
    if "anthropic" in key:
        return completion(path)
    error = {"type": "authentication_error", "message": "invalid x-api-key"}
    return 401, {"type": "error", "error": error, "request_id": "req_011CVPaBcDeFgHiJkLmNoPqR"}


def mistral(method, path, key):
    return completion(path) if "mistral" in key else (401, {"detail": "Unauthorized"})


def xai(method, path, key):
    text = f"Incorrect API key provided: {key[:2]}***{key[-2:]}. You can obtain an API key from https://console.x.ai."
    return completion(path) if "xai" in key else (400, {"code": "Client specified an invalid argument", "error": text})


def moonshot(method, path, key):
    error = {"message": "Invalid Authentication", "type": "invalid_authentication_error"}
    return completion(path) if "moonshot" in key else (401, {"error": error})


def siliconflow(method, path, key):
    return completion(path) if "siliconflow" in key else (401, "Api key is invalid", "application/json")


def together(method, path, key):
    error = {"message": "Invalid API key provided. You can find your API key at https://api.together.xyz/settings/api-keys.",
             "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
    return completion(path) if "together" in key else (401, {"id": "o9zYx2k-3NKUce-8f1", "error": error})


def gemini(method, path, key):
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
              "metadata": {"service": "generativelanguage.googleapis.com"}}
    error = {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
             "details": [reason]}
    return completion(path) if "gemini" in key else (400, [{"error": error}])


def zhipu(method, path, key):
    return completion(path) if "zhipu" in key else (401, {"error": {"code": "401", "message": "令牌已过期或验证不正确"}})


SPEAKERS = {
    "api.openai.com": openai,
    "console.mixroute.io": relay,
    "api.mixroute.ai": relay,
    "relay.example.com": lambda method, path, key: relay(method, path, key, "relay", True),
    "dashscope.aliyuncs.com": dashscope,
    "openrouter.ai": openrouter,
    "api.deepseek.com": deepseek,
    "api.groq.com": groq,
    "api.mistral.ai": mistral,
    "api.anthropic.com": anthropic,
    "api.x.ai": xai,
    "api.moonshot.cn": moonshot,
    "api.siliconflow.cn": siliconflow,
    "api.together.xyz": together,
    "generativelanguage.googleapis.com": gemini,
    "open.bigmodel.cn": zhipu,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        host = (self.headers.get("host") or "").split(":")[0]
        # Without TLS the first step of the path names the host: for SDKs that cannot be led here.
        path = self.path.split("?")[0]
        if host == "127.0.0.1":
            _, host, path = path.split("/", 2)
            path = "/" + path
        key = self.headers.get("authorization") or self.headers.get("x-api-key") or ""
        key = key.removeprefix("Bearer ")
        status, body, *kind = SPEAKERS[host](self.command, path, key)
        page = isinstance(body, str) and not kind
        data = body.encode() if page else json.dumps(body, ensure_ascii=False).encode()
        kind = "text/html; charset=utf-8" if page else "application/json"
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def serve(port, certificate=None):
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:]).serve_forever()
