// Drives Firefox, which Playwright's own build alone can, by commands on standard input: one JSON line each, answered by
// one line each. See tests/e2e/walker.py. The folder of node_modules is the first argument: modules know no NODE_PATH.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, executablePath] = process.argv.slice(2);
const puppeteer = createRequire(`${modules}/`)("puppeteer-core");
const TIMEOUT_MS = 30_000;

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  acceptInsecureCerts: true,
  extraPrefsFirefox: {
    "intl.accept_languages": "vi-VN,vi",
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
  },
});
const page = await browser.newPage();
page.setDefaultTimeout(TIMEOUT_MS);
const problems = [];
page.on("pageerror", (error) => problems.push(String(error?.message ?? error)));
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));

const commands = {
  goto: async ({ url }) => void (await page.goto(url)),
  viewport: async ({ width, height }) => void (await page.setViewport({ width, height })),
  press: async ({ key }) => void (await page.keyboard.press(key)),
  type: async ({ text }) => void (await page.keyboard.type(text)),
  evaluate: async ({ code }) => page.evaluate(code),
  problems: async () => problems.splice(0),
  close: async () => void (await browser.close()),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  let answer;
  try {
    const late = new Promise((_, reject) => setTimeout(reject, TIMEOUT_MS, new Error("no answer")).unref());
    answer = { value: (await Promise.race([commands[command](given), late])) ?? null };
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (command === "close") process.exit();
}
