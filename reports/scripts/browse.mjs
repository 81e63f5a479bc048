// Opens pages of a built site in headless Chromium with every other host blocked and prints what was seen as JSON.
// usage: node browse.mjs <site folder> <jobs.json>; a job: { path, zone?, width?, dark?, fill?: {selector: value}, pause?, shot? }
import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

const [site, jobsFile] = process.argv.slice(2);
const TYPES = {
	'.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
	'.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json'
};
const BROKEN = /undefined|\bNaN\b|Binder Error|Catalog Error|Parser Error|Conversion Error|is not a column|does not exist in the dataset|Dataset is empty|\[object Object\]|Invalid Date/;

/** Serves the folder the way `python -m http.server` does, on a free port of this machine. */
function serve() {
	const server = createServer((request, response) => {
		let file = join(site, normalize(decodeURIComponent(new URL(request.url, 'http://local').pathname)));
		if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
		if (!existsSync(file)) return response.writeHead(404).end();
		response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
		response.end(readFileSync(file));
	});
	return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

/** The system's Chromium where there is one, else the packaged one. */
async function launch() {
	const args = ['--no-sandbox', '--disable-gpu'];
	if (existsSync('/usr/bin/chromium')) return chromium.launch({ executablePath: '/usr/bin/chromium', args });
	process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
	const { default: packaged } = await import('@sparticuz/chromium');
	return chromium.launch({ executablePath: await packaged.executablePath(), args });
}

/** Waits until no query is in flight and the text of the page has stood still for 0.4 seconds. */
async function settle(page) {
	const read = () => page.evaluate(() => document.body.innerText);
	let last = '';
	let still = 0;
	for (let tries = 0; tries < 150 && still < 4; tries += 1) {
		const text = await read();
		still = text === last && !page.pending ? still + 1 : 0;
		last = text;
		await page.waitForTimeout(100);
	}
}

async function visit(browser, base, job) {
	const context = await browser.newContext({
		timezoneId: job.zone ?? 'UTC',
		colorScheme: job.dark ? 'dark' : 'light',
		viewport: { width: job.width ?? 1280, height: 900 }
	});
	const seen = { path: job.path, problems: [], outside: [] };
	await context.route('**', (route) => {
		const url = new URL(route.request().url());
		if (url.origin === base || ['data:', 'blob:'].includes(url.protocol)) return route.continue();
		seen.outside.push(url.href);
		return route.abort();
	});
	const page = await context.newPage();
	page.pending = 0;
	page.on('request', () => (page.pending += 1));
	page.on('requestfinished', () => (page.pending -= 1));
	page.on('requestfailed', (request) => {
		page.pending -= 1;
		// A preload that is no longer needed is cut off by the browser itself.
		if (request.failure()?.errorText !== 'net::ERR_ABORTED') seen.problems.push(`failed: ${request.url()}`);
	});
	page.on('response', (response) => response.status() >= 400 && seen.problems.push(`${response.status()}: ${response.url()}`));
	page.on('pageerror', (error) => seen.problems.push(`error: ${error.message}`));
	page.on('console', (message) => message.type() === 'error' && seen.problems.push(`console: ${message.text()}`));

	const started = Date.now();
	await page.goto(base + job.path, { waitUntil: 'load' });
	await page.waitForSelector('[data-testid=freshness]');
	await settle(page);
	seen.milliseconds = Date.now() - started;
	for (const [selector, value] of Object.entries(job.fill ?? {})) {
		const field = page.locator(selector);
		if ((await field.evaluate((element) => element.tagName)) === 'SELECT') await field.selectOption(value);
		else await field.fill(value);
		await page.waitForTimeout(job.pause ?? 0);
		await settle(page);
	}
	Object.assign(
		seen,
		await page.evaluate(() => ({
			text: document.querySelector('main').innerText,
			boxes: [...document.querySelectorAll('[class*="bg-negative/10"]')].map((box) => box.innerText),
			overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
			big: Object.fromEntries(
				[...document.querySelectorAll('main div.inline-block')]
					.map((box) => box.innerText.split('\n').map((line) => line.trim()).filter(Boolean))
					.filter((lines) => lines.length > 1)
					.map((lines) => [lines[0], lines.slice(1)])
			),
			// Each table has a hidden twin for the full screen.
			tables: [...document.querySelectorAll('main table')]
				.filter((table) => table.checkVisibility())
				.map((table) =>
					[...table.rows]
						.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))
						.filter((cells) => cells.some(Boolean))
				),
			charts: document.querySelectorAll('main canvas, main .chart svg').length
		}))
	);
	seen.problems.push(...(seen.text.match(new RegExp(`.*(${BROKEN.source}).*`, 'g')) ?? []), ...seen.boxes);
	if (job.shot) await page.screenshot({ path: job.shot, fullPage: true });
	await context.close();
	return seen;
}

const server = await serve();
const browser = await launch();
const base = `http://127.0.0.1:${server.address().port}`;
const seen = [];
for (const job of JSON.parse(readFileSync(jobsFile, 'utf8'))) seen.push(await visit(browser, base, job));
await browser.close();
server.close();
console.log(JSON.stringify(seen));
