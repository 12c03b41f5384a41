// The house. A room imports itself and the floors below; never a neighbour on its floor, never upstairs.
const floors = [
  ["sdk/nodejs", "provider/plugin", "provider/cli"],
  ["provider/functions"],
  ["provider/resources"],
  ["provider/findings"],
  ["provider/host", "provider/libvirt"],
  ["provider/transport"],
  ["provider/base"],
];
const path = (room) => `^${room}/`;
const forbid = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });
const stairs = floors.flatMap((floor, i) =>
  floor.map((room) =>
    forbid(
      `stairs: ${room}`,
      { path: path(room) },
      {
        path: floors
          .slice(0, i + 1)
          .flat()
          .filter((other) => other !== room)
          .map(path),
      },
    ),
  ),
);
module.exports = {
  forbidden: [
    ...stairs,
    forbid(
      "pure core",
      { path: "^provider/resources/[^/]+/(model|check|diff|guard|plan)\\.ts$" },
      {
        path: ["^provider/(host|libvirt|transport)/", "^(node:)?(fs|net|child_process)(/|$)", "ssh2"],
        dependencyTypesNot: ["type-only"],
      },
      "Deciding is pure: these files may know the types of the world, not touch it.",
    ),
    forbid(
      "findings decide",
      { path: "^provider/findings/" },
      {
        path: ["^provider/(host|libvirt|transport)/", "^(node:)?(fs|net|child_process)(/|$)", "ssh2"],
        dependencyTypesNot: ["type-only"],
      },
      "A rule is pure: it knows the types of the world, and does not touch it.",
    ),
    forbid("pulumi stays in the doors", { path: "^provider/(?!plugin/)" }, { path: "node_modules/@pulumi|^@pulumi/" }),
    forbid("no lab in the product", { path: "^(provider|sdk)/" }, { path: "^(lab|test|examples)/" }),
    forbid("no test in the house", { pathNot: "^test/" }, { path: "^test/" }),
    forbid("no circles", {}, { circular: true }),
  ],
  options: {
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
  },
};
