/*
 * What the pages of nat64d and dns64d have in common: read /metrics every two
 * seconds, keep five minutes of it, draw charts and fill tables.
 *
 * Values may have been chosen by anybody: they are written as text only, never
 * as HTML.
 */
const EVERY_MS = 2000;
const PATIENCE_MS = 10000;
const WINDOW_MS = 5 * 60 * 1000;
/* A chart begins with so long. */
const WINDOW_MIN_MS = 60 * 1000;
/* Rates in numbers are those of so long, so that they can be read. */
const SMOOTH_MS = 10000;
/* A chart, in units of its drawing. */
const WIDTH = 600;
const HEIGHT = 130;
const COLOURS = ["one", "two", "three", "four"];

/* --- values --- */

function unescape(text) {
	return text.replace(/\\(.)/g, (all, c) => c === "n" ? "\n" : c);
}

/* The text format of Prometheus, as the daemons write it: one label at most. */
export function parse(text) {
	const line = /^([a-z0-9_]+)(?:\{[a-z_]+="((?:[^"\\]|\\.)*)"\})? (\S+)$/;
	const metrics = new Map();

	for (const part of text.split("\n")) {
		const found = line.exec(part);
		if (found === null)
			continue;
		const [, name, label, value] = found;
		if (!metrics.has(name))
			metrics.set(name, new Map());
		metrics.get(name).set(unescape(label ?? ""), Number(value));
	}
	return metrics;
}

/* The values of one moment. */
class Sample {
	constructor(prefix, at, metrics) {
		this.prefix = prefix;
		this.at = at;
		this.metrics = metrics;
	}

	has(name) {
		return this.metrics.has(this.prefix + name);
	}

	/* Map of label to value. */
	all(name) {
		return this.metrics.get(this.prefix + name) ?? new Map();
	}

	get(name, label = "") {
		return this.all(name).get(label) ?? 0;
	}

	sum(name) {
		return [...this.all(name).values()].reduce((a, b) => a + b, 0);
	}
}

/* Growth per second of what value() finds in a sample. */
export function growth(older, newer, value) {
	const secs = (newer.at - older.at) / 1000;
	const grown = value(newer) - value(older);

	return secs > 0 && grown > 0 ? grown / secs : 0;
}

/* The samples of the window, the oldest first. */
class History {
	samples = [];

	add(sample) {
		const last = this.last;

		/* Another process counts from zero. */
		if (last !== undefined && last.get("start_time_seconds") !==
		    sample.get("start_time_seconds"))
			this.samples = [];
		this.samples.push(sample);
		while (this.samples[0].at < sample.at - WINDOW_MS - EVERY_MS)
			this.samples.shift();
	}

	get last() {
		return this.samples.at(-1);
	}

	/* The time that charts show. */
	get span() {
		return Math.max(WINDOW_MIN_MS, Math.min(WINDOW_MS,
		    this.last.at - this.samples[0].at));
	}

	rate(value) {
		const last = this.last;
		const first = this.samples.find(
		    (s) => s.at >= last.at - SMOOTH_MS - EVERY_MS / 2);

		return growth(first, last, value);
	}

	rateOf(name, label) {
		return this.rate((s) => s.get(name, label));
	}
}

/* --- numbers as text --- */

function digits(n) {
	if (Number.isInteger(n) || n >= 99.95)
		return n.toFixed(0);
	return n >= 9.995 ? n.toFixed(1) : n.toFixed(2);
}

function scaled(n, step, prefixes, unit) {
	let i = 0;

	for (; n >= step * .9995 && i < prefixes.length - 1; i++)
		n /= step;
	return `${digits(n)} ${prefixes[i]}${unit}`.trim();
}

export function si(n, unit = "") {
	return scaled(n, 1000, ["", "k", "M", "G", "T", "P", "E"], unit);
}

/* Exact, as far as there is room for it. */
export function count(n) {
	return n < 1e9 ? n.toLocaleString("en") : si(n);
}

export function bytes(n) {
	return scaled(n, 1024, ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], "B");
}

export function perSecond(n) {
	return `${si(n)}/s`;
}

export function seconds(s) {
	if (s >= 1)
		return si(s, "s");
	return s >= .001 ? `${digits(s * 1000)} ms` :
	    `${digits(s * 1000000)} µs`;
}

export function percent(part, all) {
	const n = all > 0 ? part / all * 100 : 0;

	if (n > 0 && n < .1)
		return "< 0.1 %";
	return `${n > 0 && n < 9.95 ? n.toFixed(1) : n.toFixed(0)} %`;
}

function duration(secs) {
	const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
	const i = units.findIndex(([, size]) => secs >= size);

	if (i === -1)
		return "0 s";
	const [unit, size] = units[i];
	const text = `${Math.floor(secs / size)} ${unit}`;
	const [next, part] = units[i + 1] ?? ["", size];
	const rest = Math.floor(secs % size / part);
	return rest > 0 ? `${text} ${rest} ${next}` : text;
}

/* --- what is on the page --- */

export function byId(id) {
	return document.getElementById(id);
}

/* Leaves a selection of the same text alone. */
function write(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

export function set(id, text) {
	write(byId(id), text);
}

export function hide(id, hidden) {
	byId(id).hidden = hidden;
}

function add(parent, tag, className, text) {
	const node = document.createElement(tag);

	if (className)
		node.className = className;
	if (text !== undefined)
		node.textContent = text;
	parent.append(node);
	return node;
}

function addSvg(parent, tag, attributes) {
	const node = document.createElementNS("http://www.w3.org/2000/svg",
	    tag);

	for (const [name, value] of Object.entries(attributes))
		node.setAttribute(name, value);
	parent.append(node);
	return node;
}

/* A bar at the end of a node: share is 0 to 1; above full it is red. */
export function bar(node, share, full = 2) {
	const width = Math.max(0, Math.min(1, share)) * 100;
	let svg = node.querySelector("svg.bar");

	if (svg === null) {
		svg = addSvg(node, "svg", { class: "bar", "aria-hidden": "true",
		    viewBox: "0 0 100 1", preserveAspectRatio: "none" });
		addSvg(svg, "rect", { height: 1 });
	}
	svg.classList.toggle("full", share > full);
	svg.firstChild.setAttribute("width", width.toFixed(2));
}

/* A cell is a text, or an object: text, class, bar (its share). */
function fillCell(td, cell) {
	const { text, bar: share } = typeof cell === "object" ? cell :
	    { text: cell };

	if (td.firstChild === null)
		add(td, "span");
	write(td.firstChild, text);
	td.className = cell.class ?? "";
	if (share !== undefined)
		bar(td, share, cell.full);
}

/* The rows of a table, which stay where they are. */
export function fill(id, rows) {
	const body = byId(id);

	while (body.rows.length > rows.length)
		body.deleteRow(-1);
	rows.forEach((cells, i) => {
		const tr = body.rows[i] ?? body.insertRow();
		cells.forEach((cell, j) => {
			fillCell(tr.cells[j] ?? tr.insertCell(), cell);
		});
	});
}

/*
 * A chart in a figure: lines of the last minutes. A line has a label and
 * value(older, newer), the value between two samples, or undefined.
 */
export class Chart {
	constructor(id, format, lines) {
		const figure = byId(id);
		const plot = add(figure, "div", "plot");

		this.format = format;
		this.lines = [];
		this.title = figure.querySelector("h2").textContent;
		this.legend = add(figure.querySelector("figcaption"), "ul",
		    "legend");
		this.svg = addSvg(plot, "svg", { role: "img",
		    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
		    preserveAspectRatio: "none" });
		for (const y of [0, .25, .5, .75, 1])
			addSvg(this.svg, "line", { class: "grid", x1: 0,
			    x2: WIDTH, y1: y * HEIGHT, y2: y * HEIGHT });
		this.top = add(plot, "div", "top");
		const axis = add(figure, "p", "axis");
		this.from = add(axis, "span");
		add(axis, "span", "", "now");
		this.setLines(lines);
	}

	/* Other lines from now on; as many as there are colours. */
	setLines(lines) {
		for (const line of this.lines) {
			line.item.remove();
			line.area.remove();
			line.path.remove();
		}
		this.lines = lines.slice(0, COLOURS.length).map((line, i) => {
			const item = add(this.legend, "li", COLOURS[i],
			    `${line.label} `);
			return { ...line, item, now: add(item, "span"),
			    area: addSvg(this.svg, "path",
				{ class: `area ${COLOURS[i]}` }),
			    path: addSvg(this.svg, "path",
				{ class: `line ${COLOURS[i]}` }) };
		});
	}

	draw(history) {
		const all = this.lines.map((line) => points(line, history));
		const max = ceiling(Math.max(...all.flat().map((p) => p.value),
		    0));

		all.forEach((list, i) => {
			const [path, area] = paths(list, history, max);
			this.lines[i].path.setAttribute("d", path);
			this.lines[i].area.setAttribute("d", area);
			write(this.lines[i].now, list.length > 0 ?
			    this.format(list.at(-1).value) : "–");
		});
		write(this.top, this.format(max));
		write(this.from, `${duration(history.span / 1000)} ago`);
		this.svg.setAttribute("aria-label", `${this.title}: ` +
		    this.lines.map((line) => line.item.textContent).join(", "));
	}
}

/* gap: nobody looked in between. */
function points(line, history) {
	const list = [];

	for (let i = 1; i < history.samples.length; i++) {
		const [older, newer] = history.samples.slice(i - 1, i + 1);
		const value = line.value(older, newer);
		if (value !== undefined)
			list.push({ at: newer.at, value,
			    gap: newer.at - older.at > 3 * EVERY_MS });
	}
	return list;
}

/* The least 1, 2 or 5 times a power of ten that is not less. */
function ceiling(value) {
	const power = 10 ** Math.floor(Math.log10(value));

	if (!(value > 0))
		return 1;
	return [1, 2, 5, 10].find((n) => n * power >= value) * power;
}

/* The line, and the area below it. */
function paths(list, history, max) {
	const { last: { at: end }, span } = history;
	const x = (p) => (WIDTH * (1 - (end - p.at) / span)).toFixed(1);
	const y = (p) => (HEIGHT * (1 - .98 * p.value / max)).toFixed(1);
	let path = "", area = "";

	list.forEach((p, i) => {
		if (i === 0 || p.gap) {
			if (area !== "")
				area += `V${HEIGHT}Z`;
			area += `M${x(p)} ${HEIGHT}`;
		}
		path += `${i === 0 || p.gap ? "M" : "L"}${x(p)} ${y(p)}`;
		area += `L${x(p)} ${y(p)}`;
	});
	return [path, area === "" ? "" : `${area}V${HEIGHT}Z`];
}

/* --- the daemon --- */

/* The daemon does not answer; what is wrong. */
class Unanswered extends Error {
}

/* The text of an answer. */
export async function ask(path) {
	const abort = new AbortController();
	const timer = setTimeout(() => abort.abort(), PATIENCE_MS);

	try {
		const answer = await fetch(path, { cache: "no-store",
		    signal: abort.signal });
		const text = await answer.text();
		/* That of /ready, when it is not. */
		if (!answer.ok && answer.status !== 503)
			throw new Error(`status ${answer.status}: ${text}`);
		return text;
	} catch (error) {
		throw new Unanswered(error.message);
	} finally {
		clearTimeout(timer);
	}
}

async function askSample(prefix) {
	const metrics = parse(await ask("metrics"));

	if (metrics.size === 0)
		throw new Unanswered("there are no metrics");
	return new Sample(prefix, performance.now(), metrics);
}

function showState(kind, text) {
	byId("state").className = kind;
	set("state", text);
}

function showAlert(text) {
	hide("alert", text === "");
	set("alert", text);
}

async function showReady(sample) {
	if (sample.get("up") === 1) {
		showState("good", "ready");
		showAlert("");
		return;
	}
	const why = await ask("ready");
	showState("bad", "not ready");
	showAlert(`Not ready: ${why.trim()}`);
}

function showAbout(sample) {
	const [version] = sample.all("build_info").keys();

	set("about", `${location.hostname} · version ${version ?? "?"} · up ` +
	    duration(sample.get("uptime_seconds")));
}

function showLost(error, since) {
	const what = error instanceof Unanswered ? "No answer" :
	    "This page cannot show the values";

	showState("bad", "no answer");
	showAlert(`${what} since ${since.toLocaleTimeString()}: ` +
	    `${error.message.trim()}. Trying again.`);
	byId("main").classList.add("stale");
}

/* Ask now, and then every EVERY_MS while the page can be seen. */
export function run(prefix, update) {
	const history = new History();
	let lost = null, timer = null, busy = false;

	async function look() {
		history.add(await askSample(prefix));
		lost = null;
		hide("wait", true);
		hide("main", false);
		byId("main").classList.remove("stale");
		showAbout(history.last);
		await showReady(history.last);
		await update(history);
	}

	async function turn() {
		if (busy || document.hidden)
			return;
		busy = true;
		clearTimeout(timer);
		try {
			await look();
		} catch (error) {
			lost ??= new Date();
			showLost(error, lost);
		}
		busy = false;
		timer = setTimeout(turn, EVERY_MS);
	}

	document.addEventListener("visibilitychange", turn);
	turn();
}
