// Mends package-lock.json after `npm install`; run by `npm run lock`.
// npm leaves out the optional packages of other platforms than the one it ran on, and `npm ci` then
// refuses the lock: name them. Addresses (funding, resolved) have no place in it: drop them.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const CPUS = ['arm64', 'arm', 'x64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x'];
const LIBCS = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/** Finds `name` as Node would from `folder`, upwards. */
function resolves(folder, name) {
	for (let at = folder; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
		if (lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
		if (!at) return false;
	}
}

/** Reads os, cpu and libc from a name such as @rollup/rollup-linux-arm64-musl. */
function platform(name) {
	const words = name.split(/[-/]/);
	const os = words.find((word) => /^(android|darwin|freebsd|linux|openbsd|openharmony|win32)$/.test(word));
	const cpu = words.find((word) => CPUS.includes(word));
	if (!os || !cpu) throw new Error(`${name} does not say its platform: add it to the lock by hand`);
	const libc = os === 'linux' && LIBCS[words.at(-1)];
	return { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
}

for (const [folder, entry] of Object.entries(lock.packages)) {
	delete entry.funding;
	delete entry.resolved;
	for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
		if (!resolves(folder, name))
			lock.packages[`node_modules/${name}`] = { version, optional: true, ...platform(name) };
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
