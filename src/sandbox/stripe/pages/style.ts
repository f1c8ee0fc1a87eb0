/** The look of all pages: light and dark, from the width of a phone on. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --line: #dfe3e8; --text: #1a2029; --dim: #5a6472; --strong: #2f4fc6; --on-strong: #fff; --good: #11713f; --bad: #b3261e; --warn: #8a5a00; --bad-ground: #fdeceb; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151b; --card: #1a2029; --line: #313a47; --text: #e8ebf0; --dim: #a3adbb; --strong: #8fa6ff; --on-strong: #10162c; --good: #62cf95; --bad: #ff9a92; --warn: #e8bb62; --bad-ground: #3a1e1d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
.banner { padding: .6rem 1rem; background: repeating-linear-gradient(-45deg, #ffd95e 0 14px, #ffe28a 14px 28px); color: #332700; text-align: center; }
.banner span { margin-left: .5rem; padding: .05rem .5rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .85rem; white-space: nowrap; }
main { margin: 0 auto; padding: 1.5rem 1rem 3rem; }
.narrow { max-width: 30rem; }
.wide { max-width: 76rem; }
h1 { margin: .3rem 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 0 0 .8rem; font-size: 1.05rem; }
p { margin: .5rem 0; }
.dim { color: var(--dim); font-size: .9rem; }
.card { margin: 0 0 1rem; padding: 1.1rem; border: 1px solid var(--line); border-radius: .7rem; background: var(--card); }
.card > :last-child { margin-bottom: 0; }
.alert { border-color: var(--bad); background: var(--bad-ground); color: var(--bad); }
.lines { width: 100%; border-collapse: collapse; }
.lines td, .lines th { padding: .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
.lines td:last-child, .lines th:last-child { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.lines tr:last-child > * { border-bottom: 0; }
.total { font-size: 1.15rem; font-weight: 700; }
label { display: block; margin: .6rem 0 .2rem; font-size: .9rem; }
input, select { width: 100%; padding: .6rem .7rem; border: 1px solid var(--dim); border-radius: .45rem; background: var(--ground); color: var(--text); font: inherit; }
button, .button { display: block; width: 100%; margin: .6rem 0 0; padding: .7rem 1rem; border: 1px solid var(--dim); border-radius: .45rem; background: transparent; color: var(--text); font: inherit; font-weight: 700; text-align: center; text-decoration: none; cursor: pointer; }
button.main { border-color: var(--strong); background: var(--strong); color: var(--on-strong); }
button.bad { border-color: var(--bad); color: var(--bad); }
:is(a, button, input, select):focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
a { color: var(--strong); }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
.row > * { flex: 1 1 8rem; }
.row button { margin: 0; }
.row select { flex: 2 1 14rem; }
.facts + form { margin-top: 1.1rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 0; }
.facts dt { color: var(--dim); font-size: .85rem; }
.facts dd { margin: 0; font-weight: 700; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.list { width: 100%; border-collapse: collapse; font-size: .9rem; }
.list th, .list td { padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; white-space: nowrap; }
.list th { color: var(--dim); font-weight: 400; }
.list .long { white-space: normal; overflow-wrap: anywhere; min-width: 11rem; }
code { font: .88em ui-monospace, monospace; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
`
