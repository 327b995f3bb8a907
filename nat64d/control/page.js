/* The page of nat64d. */
import { Chart, ask, bar, bytes, count, fill, growth, hide, byId, perSecond,
    percent, run, set, si } from "./page.js";

/* By family of the source: by nat64d itself, and by the fast path. */
function slow(s, family, what) {
	return s.get(`${family}_${what}_in_total`);
}

function fast(s, family, what) {
	return s.get(`fastpath_${what}_total`, family);
}

function both(family, what) {
	return (s) => slow(s, family, what) + fast(s, family, what);
}

function all(what, by) {
	return (s) => by(s, "ipv6", what) + by(s, "ipv4", what);
}

const packets = (s) => both("ipv6", "packets")(s) + both("ipv4", "packets")(s);
const octets = (s) => both("ipv6", "bytes")(s) + both("ipv4", "bytes")(s);
const drops = (s) => s.sum("dropped_packets_total");
const bits = (n) => si(n, "bit/s");

const charts = [
	new Chart("traffic", bits, [
		{ label: "from IPv6", value: (a, b) =>
		    8 * growth(a, b, both("ipv6", "bytes")) },
		{ label: "from IPv4", value: (a, b) =>
		    8 * growth(a, b, both("ipv4", "bytes")) },
	]),
	new Chart("packets", perSecond, [
		{ label: "from IPv6", value: (a, b) =>
		    growth(a, b, both("ipv6", "packets")) },
		{ label: "from IPv4", value: (a, b) =>
		    growth(a, b, both("ipv4", "packets")) },
	]),
	new Chart("sessions-chart", si, ["tcp", "udp", "icmp"].map((proto) => ({
		label: proto.toUpperCase(),
		value: (a, b) => b.get("protocol_sessions", proto),
	}))),
	new Chart("drops-chart", perSecond, [
		{ label: "all reasons", value: (a, b) => growth(a, b, drops) },
	]),
];

/* Reasons, those with most packets first: [name, since the start, per second].
 */
function reasons(history) {
	return [...history.last.all("dropped_packets_total")]
	    .filter(([, n]) => n > 0)
	    .map(([name, n]) => [name, n,
		history.rateOf("dropped_packets_total", name)])
	    .sort((a, b) => b[1] - a[1]);
}

function showDrops(history) {
	const rows = reasons(history);
	const most = Math.max(...rows.map(([, n]) => n), 1);
	const [top] = [...rows].sort((a, b) => b[2] - a[2]);
	const rate = history.rate(drops);

	fill("drops", rows.map(([name, n, perSec]) => [
		{ text: name, bar: n / most }, perSecond(perSec), count(n)]));
	hide("drops-table", rows.length === 0);
	hide("drops-note", rows.length > 0);
	set("drops-now", perSecond(rate));
	set("drops-now-more", rate > 0 ? `most: ${top[0]}` :
	    `${count(drops(history.last))} since the start`);
}

function showSessions(history) {
	const s = history.last;
	const n = s.get("sessions"), max = s.get("sessions_max");

	set("sessions", count(n));
	set("sessions-more", `of ${si(max)}`);
	bar(byId("sessions-more"), n / max, .9);
	set("created", perSecond(history.rateOf("sessions_created_total")));
	set("created-more",
	    `${perSecond(history.rateOf("sessions_expired_total"))} time out`);
	set("traffic-now", bits(8 * history.rate(octets)));
	set("traffic-now-more", `${si(history.rate(packets))} packets/s`);
}

/* Use of the pool: ports of each protocol, and blocks if there are any. */
function poolUse(s) {
	const uses = [...s.all("pool_ports")].map(([proto, all]) => ({
		title: proto.toUpperCase(), of: "ports for ", all,
		used: all - s.get("pool_ports_available", proto),
		more: [count(s.get("bindings", proto)),
			count(s.get("protocol_sessions", proto))],
	}));
	const blocks = s.get("pool_blocks");

	if (blocks > 0)
		uses.push({ title: "blocks", of: "", all: blocks,
		    used: s.get("pool_blocks_held"), more: ["", ""] });
	return uses.map((use) => ({ ...use,
	    share: use.all > 0 ? use.used / use.all : 0 }));
}

function showPool(s) {
	const rows = poolUse(s);
	const fullest = rows.reduce((a, b) => b.share > a.share ? b : a,
	    rows[0] ?? { all: 0, used: 0, share: 0 });

	fill("pool", rows.map((r) => [
		{ text: r.title, bar: r.share, full: .9 },
		count(r.used), si(r.all), ...r.more]));
	set("pool-now", percent(fullest.used, fullest.all));
	set("pool-now-more", fullest.all > 0 ?
	    `of the ${fullest.of}${fullest.title}` : "no address");
	bar(byId("pool-now-more"), fullest.share, .9);
}

function showFast(history) {
	const s = history.last;
	const rate = (what, by) => history.rate(all(what, by));
	const byFast = rate("packets", fast), bySlow = rate("packets", slow);
	const share = byFast + bySlow > 0 ? byFast / (byFast + bySlow) : 0;

	fill("fast", [
		[{ text: "the fast path, in the kernel", bar: share },
		    si(byFast), bits(8 * rate("bytes", fast))],
		["nat64d itself", si(bySlow), bits(8 * rate("bytes", slow))],
	]);
	if (!s.has("fastpath_flows")) {
		set("fast-now", "none");
		set("fast-now-more", "");
		set("fast-note", "There is no fast path: nat64d translates " +
		    "all packets.");
		return;
	}
	set("fast-now", percent(byFast, byFast + bySlow));
	set("fast-now-more", `${count(s.get("fastpath_flows"))} sessions`);
	set("fast-note",
	    `${count(s.get("fastpath_flows"))} sessions are there; it has ` +
	    `translated ${count(s.sum("fastpath_packets_total"))} packets, ` +
	    `${bytes(s.sum("fastpath_bytes_total"))}.`);
}

/* With a bar if there is a limit. */
function limited(n, max) {
	return max === undefined ? count(n) :
	    { text: count(n), bar: n / max, full: .9 };
}

function subscriberRow(s) {
	return [s.subscriber.replace(/\/128$/, ""), limited(s.sessions, s["sessions-max"]),
		...["tcp", "udp", "icmp"].map((proto) =>
		    limited(s[proto], s["port-limit"]))];
}

function limits(s) {
	const sessions = s["sessions-max"], ports = s["port-limit"];
	const texts = [];

	if (sessions !== undefined)
		texts.push(`${count(sessions)} sessions`);
	if (ports !== undefined)
		texts.push(`${count(ports)} ports of each protocol`);
	return texts.length > 0 ? ` Each may have ${texts.join(" and ")}.` : "";
}

async function showSubscribers() {
	const { shown, found } = JSON.parse(await ask("subscribers"));
	let note = "Not shown at this address. It takes “show subscribers” in " +
	    "nat64d.conf(5), “metrics listen on”.";

	if (shown && found === null)
		note = "Being counted.";
	else if (shown)
		note = found.number === 0 ? "Nobody has a session." :
		    `${count(found.number)} subscribers have sessions.` +
		    limits(found.subscribers[0]);
	fill("subscribers", (found?.subscribers ?? []).map(subscriberRow));
	hide("subscribers-table", !(found?.number > 0));
	set("subscribers-note", note);
	hide("subscribers-note", false);
}

run("nat64d_", async (history) => {
	showSessions(history);
	showDrops(history);
	showPool(history.last);
	showFast(history);
	for (const chart of charts)
		chart.draw(history);
	await showSubscribers();
});
