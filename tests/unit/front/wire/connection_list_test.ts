import assert from "node:assert/strict";
import { ConnectionList } from "../../../../src/front/wire/connection_list.ts";

function listed(count: number) {
  const list = new ConnectionList<{ name: number; place: number }>();
  const all = Array.from({ length: count }, (_, name) => ({ name, place: -1 }));
  for (const one of all) list.add(one);
  const names = () => [...list].map(({ name }) => name).sort();
  return { list, all, names };
}

Deno.test("whichever connection leaves, the others stay in the list, and it leaves once", () => {
  for (let leaves = 0; leaves < 4; leaves++) {
    const { list, all, names } = listed(4);
    assert.equal(list.remove(all[leaves]!), true);
    assert.equal(list.remove(all[leaves]!), false);
    assert.deepEqual(names(), [0, 1, 2, 3].filter((name) => name !== leaves));
    assert.equal(list.size, 3);
    list.add(all[leaves]!);
    for (const one of all) assert.equal(list.remove(one), true);
    assert.deepEqual(names(), []);
  }
});

Deno.test("all connections can be closed while they are walked through", () => {
  const { list } = listed(5);
  let visited = 0;
  for (const one of list) {
    list.remove(one);
    visited++;
  }
  assert.equal(visited, 5);
  assert.equal(list.size, 0);
});
