/** The page's style sheet. Colours say nothing that a word does not say too. */
export const dashboardStyle = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --panel: #ffffff; --text: #1d2430; --quiet: #5a6472; --line: #dfe3e8; --focus: #1f6feb;
  --good: #14693c; --good-soft: #e3f4ea; --warn: #8a5a00; --warn-soft: #fdf1d8; --bad: #b3261e; --bad-soft: #fce8e6;
  --calm: #4a5a78; --calm-soft: #e7ebf3; --load: #3367a8; --p50: #2f9e8f; --p90: #c58a1a; --p99: #c4553b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --panel: #171c23; --text: #d7dde6; --quiet: #8f9bab; --line: #2a323d; --focus: #6cb0ff;
    --good: #6fcf97; --good-soft: #16301f; --warn: #e8b65a; --warn-soft: #35290f; --bad: #ff8f85; --bad-soft: #3d1a18;
    --calm: #a9b8d6; --calm-soft: #222b3b; --load: #7fb0ea; --p50: #58c7b6; --p90: #e0b050; --p99: #f08a70;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums;
}
header, main, footer, #token-form { max-width: 1480px; margin: 0 auto; padding: 0 1.25rem; }
h1, h2, p, dl, dd, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.25rem; letter-spacing: .02em; }
h2 { font-size: 1.05rem; overflow-wrap: anywhere; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: .2em; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
#groups:focus { outline: none; }
.skip { position: absolute; left: -999rem; top: .5rem; background: var(--panel); padding: .5rem .75rem; z-index: 2; }
.skip:focus { left: .5rem; }
.quiet { color: var(--quiet); }
.lines { white-space: pre-line; }
.bad { color: var(--bad); }

header { display: flex; flex-wrap: wrap; align-items: center; gap: .35rem 1rem; padding-top: 1rem;
  padding-bottom: .75rem; }
.facts { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .9rem; color: var(--quiet);
  overflow-wrap: anywhere; }
#connection { margin-left: auto; }
.pill {
  display: inline-block; padding: .05rem .6rem; border-radius: 999px; font-size: .87rem; color: var(--calm);
  background: var(--calm-soft); white-space: nowrap;
}
.pill:empty { display: none; }
.pill[data-level=good], body[data-connection=open] #connection { color: var(--good); background: var(--good-soft); }
.pill[data-level=warn] { color: var(--warn); background: var(--warn-soft); }
.pill[data-level=bad], body[data-connection=lost] #connection { color: var(--bad); background: var(--bad-soft); }
body[data-connection=lost] #connection { white-space: normal; }
body[data-connection=lost] main { opacity: .5; }
body[data-connection=unauthorized] main { display: none; }
#token-form { display: none; }
body[data-connection=unauthorized] #token-form {
  display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; padding-top: 2rem; padding-bottom: 2rem;
}
#problem, #token-problem { color: var(--bad); }
#problem:not(:empty) { padding: .6rem 0; }

.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem;
  margin-bottom: 1rem; }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; margin-top: .5rem; }
.figures div { display: grid; grid-template-columns: auto auto; column-gap: .8rem; align-items: center;
  align-content: start; }
.figures dt { grid-column: 1 / -1; font-size: .8rem; color: var(--quiet); }
.figures dd { font-size: 1.3rem; font-weight: 600; line-height: 30px; min-width: 3.2rem; white-space: nowrap; }
.figures canvas { display: block; width: 150px; height: 30px; }
#clients { margin-top: .5rem; }
#clients, #tls { font-size: .9rem; }
.group .figures dd { font-size: 1.05rem; }

.filter { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .8rem; margin: 0 0 1rem; }
input:not([type=checkbox]), button {
  font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 7px;
    padding: .35rem .65rem;
}
#search { flex: 1 1 16rem; max-width: 34rem; }
.check { display: inline-flex; gap: .4rem; align-items: center; }
button { cursor: pointer; min-height: 2.1rem; }
button:hover { border-color: var(--quiet); }
button[aria-busy=true] { opacity: .5; }

.title { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .9rem; }
.rules { display: flex; flex-wrap: wrap; gap: .35rem; margin-left: auto; }
.rules li {
  font: .85rem ui-monospace, "Cascadia Mono", Menlo, monospace; border: 1px solid var(--line); border-radius: 5px;
  padding: .1rem .45rem; overflow-wrap: anywhere;
}
.rule-rows, #failures { margin-top: .5rem; }
.rule-rows li {
  display: grid; grid-template-columns: 2.5rem minmax(0, 2fr) minmax(0, 2fr) 7rem 5rem; gap: .15rem 1rem;
  align-items: baseline;
  padding: .25rem 0; border-top: 1px solid var(--line);
}
.rule-rows .conditions, .rule-rows .action {
  font: .85rem ui-monospace, "Cascadia Mono", Menlo, monospace; overflow-wrap: anywhere;
}
.rule-rows .figure { text-align: right; }
.targets { margin-top: .7rem; }
.target {
  display: grid; align-items: center; gap: .15rem 1rem; padding: .45rem .5rem .45rem .75rem;
    border-top: 1px solid var(--line);
  border-left: 3px solid transparent; content-visibility: auto; contain-intrinsic-size: auto 52px;
  grid-template-columns: 6.2rem minmax(10.5rem, 1fr) minmax(9rem, 1.7fr) auto 120px 5.4rem;
}
.target.wanted { background: var(--calm-soft); }
.state::before { content: "●"; margin-right: .4rem; }
.target[data-state=initial] .state::before, .target[data-state=unchecked] .state::before { content: "○"; }
.target[data-state=unhealthy] .state::before { content: "✕"; }
.target[data-state=ejected] .state::before { content: "▲"; }
.target[data-state=draining] .state::before { content: "▽"; }
.target[data-state=healthy] .state { color: var(--good); }
.target[data-state=initial] .state, .target[data-state=unchecked] .state,
.target[data-state=draining] .state { color: var(--calm); }
.target[data-state=unhealthy] .state { color: var(--bad); }
.target[data-state=ejected] .state { color: var(--warn); }
.target[data-state=unhealthy] { border-left-color: var(--bad); }
.target[data-state=ejected], .target.warned { border-left-color: var(--warn); }
.target.warned .why { color: var(--warn); }
.target[data-state=draining] { border-left-color: var(--calm); }
.who { display: flex; flex-direction: column; min-width: 0; overflow-wrap: anywhere; }
.who a { font-weight: 600; }
.who .quiet, .why { font-size: .9rem; }
.why { min-width: 0; overflow-wrap: anywhere; }
.numbers { display: flex; gap: 0 1rem; }
.figure { display: flex; flex-direction: column; width: var(--width); text-align: right; white-space: nowrap; }
.figure .label { font-size: .72rem; color: var(--quiet); }
.figure b { font-weight: 500; }
.target canvas { width: 120px; height: 30px; }

#failures li {
  display: grid; grid-template-columns: 5rem 2.6rem 11rem minmax(8rem, 1fr) minmax(8rem, 1.2fr) 5rem; gap: .1rem .9rem;
  padding: .4rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; content-visibility: auto;
  contain-intrinsic-size: auto 34px;
}
#failures .took { text-align: right; }
.request { font: .88rem/1.6 ui-monospace, "Cascadia Mono", Menlo, monospace; }
footer { padding-bottom: 2rem; color: var(--quiet); font-size: .87rem; }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .35rem; font: inherit; }

@media (max-width: 1180px) {
  .target { grid-template-columns: 6.2rem minmax(13rem, 1fr) minmax(8rem, 1fr) 120px 5.4rem; }
  .why { grid-column: 3 / 6; }
  .numbers { grid-row: 2; grid-column: 2 / 4; flex-wrap: wrap; }
  .figure { text-align: left; }
  .target canvas { grid-row: 2; grid-column: 4; }
  .target button { grid-row: 2; grid-column: 5; }
}
@media (max-width: 720px) {
  header, main, footer, #token-form { padding-left: .75rem; padding-right: .75rem; }
  .panel { padding: .8rem .8rem; }
  .rules { margin-left: 0; }
  .rule-rows li { grid-template-columns: 1.5rem minmax(0, 1fr) 6rem; padding: .4rem 0; }
  .rule-rows .action { grid-column: 2; grid-row: 2; }
  .rule-rows .rate { grid-column: 3; grid-row: 1; }
  .rule-rows .errors { grid-column: 3; grid-row: 2; }
  .figures { display: grid; grid-template-columns: 1fr auto auto; gap: .5rem 1.2rem; }
  .figures .whole { grid-column: 1 / -1; grid-template-columns: auto 1fr; }
  .figures .wide { grid-template-columns: auto 1fr; }
  .figures canvas { width: 84px; }
  .figures .whole canvas { width: 100%; max-width: 150px; }
  .target {
    grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .35rem .6rem; padding: .7rem 0 .7rem .6rem;
    contain-intrinsic-size: auto 190px;
  }
  .state { grid-column: 1 / 3; grid-row: 1; }
  .target button { grid-column: 3; grid-row: 1; min-height: 2.5rem; }
  .who, .why { grid-column: 1 / -1; }
  .numbers { grid-row: auto; grid-column: 1 / -1; gap: .35rem 1.2rem; }
  .figure { width: auto; min-width: 4.4rem; }
  .target canvas { grid-row: auto; grid-column: 1 / -1; }
  #failures li { grid-template-columns: 5rem 2.6rem 1fr auto; }
  #failures .request, #failures .way { grid-column: 1 / -1; }
  #failures .took { grid-row: 1; grid-column: 4; }
}
@media (prefers-reduced-motion: no-preference) { main { transition: opacity .3s; } }
`;
