/** The page's body, with templates for what repeats. The script writes the elements that have a `data-field`. */
export const dashboardMarkup = `
<a class="skip" href="#groups">Skip to the targets</a>
<header>
  <h1>sluice</h1>
  <p class="facts">
    <span data-field="listener"></span>
    <span data-field="version"></span>
    <span data-field="uptime"></span>
    <span class="pill" data-field="ready"></span>
  </p>
  <p class="pill" id="connection" data-field="connection" role="status">connecting</p>
</header>

<form id="token-form" aria-label="Sign in">
  <input type="text" autocomplete="username" value="sluice" hidden>
  <label for="token">ADMIN_TOKEN of this sluice</label>
  <input id="token" type="password" autocomplete="current-password" required>
  <button type="submit">Sign in</button>
  <p id="token-problem" role="alert"></p>
</form>

<main>
  <p id="problem" role="alert"></p>
  <p id="reload" class="quiet" role="status"></p>
  <section aria-labelledby="all" class="panel">
    <h2 id="all">All requests</h2>
    <dl id="totals" class="figures">
      <div class="wide"><dt>req/s</dt><dd data-field="perSecond"></dd>
        <dd><canvas data-field="load" aria-hidden="true"></canvas></dd></div>
      <div><dt>in flight</dt><dd data-field="inFlight"></dd></div>
      <div><dt>errors</dt><dd data-field="errorRate"></dd></div>
      <div class="whole"><dt>TTFB ms, p50 / p90 / p99</dt><dd data-field="ttfb"></dd>
        <dd><canvas data-field="chart" aria-hidden="true"></canvas></dd></div>
    </dl>
    <p id="clients" class="quiet" hidden></p>
    <p id="tls" class="quiet lines" hidden></p>
  </section>

  <section aria-labelledby="rules-title" class="panel" id="rules-panel" hidden>
    <h2 id="rules-title">Rules</h2>
    <ul id="rules" class="rule-rows"></ul>
    <p id="more-rules" class="quiet"></p>
  </section>

  <search class="filter">
    <label for="search">Search</label>
    <input id="search" type="search" placeholder="group, address, host, state, reason"
      aria-keyshortcuts="/" autocomplete="off" spellcheck="false">
    <label class="check"><input id="troubled" type="checkbox"> only troubled</label>
    <output id="found" for="search troubled"></output>
  </search>

  <div id="groups" tabindex="-1"></div>
  <p id="nothing" class="quiet" hidden>No target group is configured.</p>

  <section aria-labelledby="last" class="panel">
    <h2 id="last">Last failures</h2>
    <p id="no-failures" class="quiet">None among the last requests.</p>
    <ol id="failures"></ol>
  </section>
</main>

<footer>
  <p><kbd>/</kbd> searches · charts show the last two minutes, from when this page was opened; TTFB on a logarithmic
    scale · errors and TTFB cover the last five seconds</p>
</footer>

<template id="group-template">
  <section class="panel group">
    <div class="title">
      <h2 data-field="name"></h2>
      <span class="pill" data-field="eligible"></span>
      <span class="quiet" data-field="notes"></span>
      <ul class="rules" aria-label="Rules that lead here" data-field="rules"></ul>
    </div>
    <p class="bad" data-field="dns" hidden></p>
    <dl class="figures">
      <div class="wide"><dt>attempts/s</dt><dd data-field="perSecond"></dd>
        <dd><canvas data-field="load" aria-hidden="true"></canvas></dd></div>
      <div><dt>in flight</dt><dd data-field="inFlight"></dd></div>
      <div><dt>errors</dt><dd data-field="errorRate"></dd></div>
      <div class="whole"><dt>TTFB ms, p50 / p90 / p99</dt><dd data-field="ttfb"></dd>
        <dd><canvas data-field="chart" aria-hidden="true"></canvas></dd></div>
    </dl>
    <ul class="targets" aria-label="Targets" data-field="targets"></ul>
    <p class="quiet" data-field="empty" hidden></p>
  </section>
</template>

<template id="rule-template">
  <li><span data-field="prefix"></span> <span class="quiet" data-field="perSecond"></span></li>
</template>

<template id="rule-row-template">
  <li>
    <span class="quiet" data-field="number"></span>
    <span class="conditions" data-field="conditions"></span>
    <span class="action">→ <span data-field="action"></span></span>
    <span class="figure errors bad" data-field="errors"></span>
    <span class="figure rate"><b data-field="perSecond"></b></span>
  </li>
</template>

<template id="target-template">
  <li class="target" data-state="initial">
    <span class="state" data-field="state"></span>
    <span class="who"><a data-field="address"></a><span class="quiet" data-field="host"></span></span>
    <span class="why"><span data-field="reason"></span> <span class="quiet" data-field="since"></span></span>
    <span class="numbers" data-field="numbers"></span>
    <canvas data-field="chart" aria-hidden="true"></canvas>
    <button type="button" data-field="action">Drain</button>
  </li>
</template>

<template id="figure-template">
  <span class="figure"><span class="label" data-field="label"></span><b data-field="value"></b></span>
</template>

<template id="failure-template">
  <li>
    <time data-field="time"></time>
    <b class="bad" data-field="status"></b>
    <span class="reason" data-field="reason"></span>
    <span class="request" data-field="request"></span>
    <span class="quiet way" data-field="way"></span>
    <span class="quiet took" data-field="took"></span>
  </li>
</template>
`;
