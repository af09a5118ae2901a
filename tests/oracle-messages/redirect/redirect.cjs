// Leads every connection of this process to the oracle's server; a host that it does not know cannot be resolved.
const dns = require("node:dns");
const net = require("node:net");
const tls = require("node:tls");

const port = Number(process.env.ORACLE_PORT);
const hosts = process.env.ORACLE_HOSTS.split(",");

dns.lookup = (host, options, done) => {
  const call = typeof options === "function" ? options : done;
  if (!hosts.includes(host) && host !== "localhost") {
    const error = new Error(`getaddrinfo ENOTFOUND ${host}`);
    return process.nextTick(call, Object.assign(error, { errno: -3008, code: "ENOTFOUND", syscall: "getaddrinfo", hostname: host }));
  }
  const all = typeof options === "object" && options.all;
  process.nextTick(() => (all ? call(null, [{ address: "127.0.0.1", family: 4 }]) : call(null, "127.0.0.1", 4)));
};

const connect = tls.connect;
tls.connect = (options, ...rest) => connect(typeof options === "object" ? { ...options, port } : options, ...rest);
void net;
