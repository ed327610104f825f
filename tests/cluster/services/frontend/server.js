// todo-frontend: a Node server that renders the list of its backend, with `/`, `/health` and `/ready`. Plain Node: a build of
// Next.js needs the npm registry and minutes, and none of what is tested here depends on it.
//
// PORT (3000), BACKEND_URL (http://backend:8000)
// REQUIRE_ENV NAME     that variable must be set
// START_DELAY S        listen only after S seconds
// MEMORY_LEAK_MB N     allocate N MB, a little at a time, MEMORY_LEAK_RATE (160) MB a second
// BURN_CPU 1           keep one core busy
// CRASH CODE           throw, and end with that code, CRASH_AFTER seconds after the start
// EXIT_CODE CODE       end with that code right away and without a word; EXIT_CLEAN 1: with 0
// READY_FAIL 1         / and /ready answer 503, READY_FAIL_AFTER S: only after S seconds
// LIVE_FAIL 1          /health answers 500, LIVE_FAIL_AFTER S: only after S seconds
// HANG 1               take every request and never answer
// LOG_EXCEPTION 1      log a stack every few seconds, and go on
// IGNORE_TERM 1        refuse to end when asked to
// FOLLOW_BACKEND 1     / and /ready answer 502 and 503 while the backend does not answer
'use strict';

const fs = require('node:fs');
const http = require('node:http');

const env = process.env;
const port = Number(env.PORT || 3000);
const backend = env.BACKEND_URL || 'http://backend:8000';
const started = Date.now();

const fails = (name) => env[name] || (env[`${name}_AFTER`] && Date.now() - started > Number(env[`${name}_AFTER`]) * 1000);

function ask(path) {
  return new Promise((resolve) => {
    const request = http.get(backend + path, { timeout: 1000 }, (reply) => {
      let text = '';
      reply.on('data', (chunk) => { text += chunk; });
      reply.on('end', () => resolve(reply.statusCode === 200 ? text : null));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(null));
  });
}

async function answer(path) {
  if (path === '/health') return fails('LIVE_FAIL') ? [500, 'unhealthy'] : [200, 'ok'];
  if (path !== '/' && path !== '/ready') return [404, 'not found'];
  if (fails('READY_FAIL')) return [503, 'not ready'];
  const list = await ask(path === '/' ? '/' : '/ready');
  if (list === null && env.FOLLOW_BACKEND === '1') return path === '/' ? [502, 'no backend'] : [503, 'not ready'];
  return [200, path === '/' ? `<h1>todo</h1><pre>${list ?? 'the backend does not answer'}</pre>` : 'ready'];
}

function complain() {
  return new TypeError("Cannot read properties of undefined (reading 'todos')");
}

function misbehave() {
  if (env.MEMORY_LEAK_MB) {
    const kept = [];
    const timer = setInterval(() => {
      kept.push(Buffer.alloc(8 << 20, 1));
      if (kept.length * 8 >= Number(env.MEMORY_LEAK_MB)) clearInterval(timer);
    }, 8000 / Number(env.MEMORY_LEAK_RATE || 160));
  }
  if (env.CRASH) {
    // What Node itself prints of an exception nobody caught, with the exit code that was asked for.
    process.on('uncaughtException', (error) => {
      fs.writeSync(2, `${__filename}:1\n\n${error.stack}\n\nNode.js ${process.version}\n`);
      process.exit(Number(env.CRASH));
    });
    setTimeout(() => { throw complain(); }, Number(env.CRASH_AFTER || 0) * 1000);
  }
  if (env.LOG_EXCEPTION) setInterval(() => console.error(complain()), 5000);
  if (env.BURN_CPU) setInterval(() => { const end = Date.now() + 95; while (Date.now() < end); }, 100);
}

function main() {
  if (env.REQUIRE_ENV && !env[env.REQUIRE_ENV]) throw new Error(`${env.REQUIRE_ENV} is not set`);
  if (env.EXIT_CLEAN || env.EXIT_CODE) process.exit(Number(env.EXIT_CODE || 0));
  process.on('SIGTERM', () => { if (!env.IGNORE_TERM) process.exit(0); });
  misbehave();
  const server = http.createServer(async (request, response) => {
    if (env.HANG) return;
    const [code, text] = await answer(request.url.split('?')[0]);
    response.writeHead(code, { 'Content-Type': 'text/html' });
    response.end(`${text}\n`);
  });
  setTimeout(() => server.listen(port, () => console.log(`listening on ${port}`)), Number(env.START_DELAY || 0) * 1000);
}

main();
