// Every version this repository's tools fetch or build, in one place: raise it here and nowhere else.

export const versions = {
  pulumi: {
    /** The CLI that is installed or built; the same as the SDK's in package.json (a unit test compares them). */
    cli: "3.250.0",
    /** The oldest CLI taken from PATH: the first that stores the inputs a dynamic provider's `read` answers with. */
    minimumCli: "3.216.0",
    /** The newest TypeScript language host that is a package of the module sdk/v3, so that `go get -tool` finds it. */
    languageNodejs: "3.66.0",
    /** The language host for YAML programs, a module of its own. */
    languageYaml: "1.10.0",
  },
  python: {
    /** What checks the types of the schema's examples in Python. */
    mypy: "2.4.1",
  },
  go: {
    /** What go.mod of the Pulumi CLI above asks for. */
    minimum: "1.25.11",
    /** What is fetched where the machine's own is older, or missing. */
    toolchain: "1.26.8",
    /** Go's checksum database about golang.org/toolchain@v0.0.1-go<toolchain>.<platform>. */
    toolchainSums: {
      "linux-amd64": "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=",
      "linux-arm64": "h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=",
    } as Readonly<Record<string, string>>,
  },
} as const;
