/* The page of dns64d. */
import { Chart, bar, byId, bytes, count, fill, growth, hide, perSecond, percent,
    run, seconds, set } from "./page.js";

const queries = (s) => s.get("queries_udp_total") + s.get("queries_tcp_total");

/* Every query ends as one of these. */
const kinds = [
	["passed", "passed on as the upstream answered"],
	["synthesised", "synthesised AAAA"],
	["nxdomain_synth", "synthesised where AAAA said NXDOMAIN"],
	["ptr", "reverse names in a prefix"],
	["local", "made here"],
	["servfail", "SERVFAIL: no upstream had an answer"],
	["refused", "REFUSED: not an allowed client"],
	["formerr", "FORMERR: not a valid query"],
	["notimp", "NOTIMP: another kind of request"],
	["badvers", "BADVERS: another version of EDNS"],
	["badcookie", "BADCOOKIE: asked to come again"],
	["rate_truncated", "sent to TCP: beyond the rate of a client"],
	["rate_dropped", "not answered: beyond the rate of a client"],
	["client_garbage", "not answered: no query at all"],
];

/* How a question to the upstreams was answered. */
const works = [
	["cache_hits", "from the cache"],
	["cache_stale", "from the cache, though too old"],
	["cache_failures", "not asked again: failed a moment ago"],
	["coalesced", "with the answer to another client"],
	["cache_misses", "by an upstream"],
];

function line(label, name) {
	return { label, value: (a, b) =>
	    growth(a, b, (s) => s.get(`${name}_total`)) };
}

const charts = [
	new Chart("queries", perSecond, [line("UDP", "queries_udp"),
		line("TCP", "queries_tcp")]),
	new Chart("answers-chart", perSecond, [line("passed on", "passed"),
		line("synthesised", "synthesised"), line("made here", "local"),
		line("SERVFAIL", "servfail")]),
	new Chart("questions", perSecond, [line("from the cache", "cache_hits"),
		line("asked", "cache_misses"),
		line("lost by upstreams", "upstream_lost")]),
];
const latency = new Chart("latency", seconds, []);
let latencyOf = "";

function showQueries(history) {
	const s = history.last;
	const open = s.get("queries_open"), max = s.get("queries_open_max");
	const rate = (name) => history.rateOf(`${name}_total`);
	const failed = rate("servfail"), all = history.rate(queries);

	set("queries-now", perSecond(all));
	set("queries-now-more", `${count(queries(s))} since the start`);
	set("synthesised-now",
	    perSecond(rate("synthesised") + rate("nxdomain_synth")));
	set("synthesised-now-more", "AAAA of a prefix");
	set("failed-now", perSecond(failed));
	set("failed-now-more", `${percent(failed, all)}, SERVFAIL`);
	set("open", count(open));
	set("open-more", `of ${count(max)}`);
	bar(byId("open-more"), open / max, .9);
}

/* Rows of counters: those that are not zero, with their share. */
function showCounters(id, history, names) {
	const s = history.last;
	const rows = names.map(([name, text]) => ({ name: `${name}_total`, text,
	    n: s.get(`${name}_total`) })).filter((row) => row.n > 0);
	const all = rows.reduce((sum, row) => sum + row.n, 0);

	fill(id, rows.map((row) => [{ text: row.text, bar: row.n / all },
		perSecond(history.rateOf(row.name)), count(row.n)]));
	return rows.length;
}

/* The port is that of DNS unless it is shown. */
function address(upstream) {
	return upstream.replace(/:53$/, "");
}

function latencyText(s, upstream) {
	const rtts = s.all("upstream_rtt_seconds");

	return rtts.has(upstream) ? seconds(rtts.get(upstream)) : "–";
}

function showUpstreams(history) {
	const s = history.last;
	const upstreams = [...s.all("upstream_up")];
	const up = upstreams.filter(([, isUp]) => isUp === 1).length;

	fill("upstreams", upstreams.map(([name, isUp]) => [address(name),
		isUp === 1 ? { text: "up", class: "good" } :
		    { text: "down", class: "bad" },
		latencyText(s, name),
		perSecond(history.rateOf("upstream_queries_total", name)),
		count(s.get("upstream_timeouts_total", name))]));
	set("upstreams-now", `${up} of ${upstreams.length}`);
	set("upstreams-now-more", up === 1 ? "answers" : "answer");
	/* A reload may have changed them. */
	const names = upstreams.map(([name]) => name);
	if (names.join() !== latencyOf)
		latency.setLines(names.map((name) => ({ label: address(name),
		    value: (a, b) => b.all("upstream_rtt_seconds").get(name) })));
	latencyOf = names.join();
	latency.draw(history);
}

function showCache(history) {
	const s = history.last;
	const max = s.get("cache_bytes_max");
	const hits = history.rateOf("cache_hits_total");
	const misses = history.rateOf("cache_misses_total");
	const names = { replies: "replies of upstreams",
	    answers: "complete answers" };

	fill("cache", Object.entries(names).map(([label, text]) => [
		{ text, bar: s.get("cache_bytes", label) / max },
		count(s.get("cache_entries", label)),
		bytes(s.get("cache_bytes", label)),
		count(s.get("cache_evicted_total", label))]));
	set("cache-note", max === 0 ? "The cache is disabled." :
	    `${bytes(s.sum("cache_bytes"))} of ${bytes(max)} in use; ` +
	    `${percent(s.get("answer_hits_total"), queries(s))} of all ` +
	    "queries were answered with a complete answer.");
	set("cache-now", percent(hits, hits + misses));
	set("cache-now-more", "of the questions");
	bar(byId("cache-now-more"), hits + misses > 0 ? hits / (hits + misses) :
	    0);
}

run("dns64d_", (history) => {
	showQueries(history);
	const n = showCounters("answers", history, kinds);
	hide("answers-table", n === 0);
	hide("answers-note", n > 0);
	hide("work-table", showCounters("work", history, works) === 0);
	showUpstreams(history);
	showCache(history);
	for (const chart of charts)
		chart.draw(history);
});
