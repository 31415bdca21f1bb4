// Prints node's test events as the suite's lines: ok, FAIL, and one sum.

export default async function* report(source) {
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of source) {
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite") continue;
    if (type === "test:pass") {
      passed++;
      yield `ok   js ${data.name} (${(data.details.duration_ms / 1000).toFixed(2)}s)\n`;
      continue;
    }
    failed++;
    const cause = data.details.error?.cause ?? data.details.error;
    const place = /(\w+\.test\.mjs:\d+)/.exec(cause?.stack ?? "")?.[1] ?? "?";
    yield `FAIL js ${data.name}: ${place}: ${String(cause?.message ?? cause).replace(/\s+/g, " ").slice(0, 500)}\n`;
  }
  yield `js: ${passed} passed, ${failed} failed\n`;
}
