// A language host that makes SDKs and programs, and runs plugins: what Pulumi's own hosts for Go, Node and Python do with
// the CLI's code generators. The tests use it where the machine's hosts are older than the CLI, or missing. Its name says which
// language it is for: pulumi-language-python. It runs no programs.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	language string
}

type files = map[string][]byte

func (h host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (h host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (h host) GeneratePackage(
	_ context.Context, request *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, err
	}
	bound, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	made, err := h.packageFiles(bound, request, loader)
	if err != nil {
		return nil, err
	}
	for name, content := range made {
		path := filepath.Join(request.Directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return nil, err
		}
	}
	return &pulumirpc.GeneratePackageResponse{}, nil
}

func (h host) packageFiles(
	bound *schema.Package, request *pulumirpc.GeneratePackageRequest, loader schema.ReferenceLoader,
) (files, error) {
	const tool = "the Pulumi CLI"
	switch h.language {
	case "go":
		return golang.GeneratePackage(tool, bound, request.LocalDependencies)
	case "python":
		return python.GeneratePackage(tool, bound, request.ExtraFiles, loader)
	case "nodejs":
		return nodejs.GeneratePackage(tool, bound, request.ExtraFiles, request.LocalDependencies, request.Local, loader)
	}
	return nil, fmt.Errorf("no packages for %s", h.language)
}

func (h host) GenerateProgram(
	_ context.Context, request *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	parser := syntax.NewParser()
	for name, text := range request.Source {
		if err := parser.ParseFile(strings.NewReader(text), name); err != nil {
			return nil, err
		}
	}
	if parser.Diagnostics.HasErrors() {
		return nil, parser.Diagnostics
	}
	var options []pcl.BindOption
	if !request.Strict {
		options = pcl.NonStrictBindOptions()
	}
	program, diagnostics, err := pcl.BindProgram(parser.Files, loader, options...)
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	made, diagnostics, err := h.programFiles(program)
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return &pulumirpc.GenerateProgramResponse{Source: made}, nil
}

func (h host) programFiles(program *pcl.Program) (files, hcl.Diagnostics, error) {
	switch h.language {
	case "go":
		return golang.GenerateProgram(program)
	case "python":
		return python.GenerateProgram(program)
	case "nodejs":
		return nodejs.GenerateProgram(program)
	}
	return nil, nil, fmt.Errorf("no programs for %s", h.language)
}

func (h host) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	arguments := []string{"install", "--loglevel=error"}
	if request.Info.GetOptions().GetFields()["production"].GetBoolValue() {
		arguments = append(arguments, "--omit=dev")
	}
	command := exec.Command("npm", arguments...)
	command.Dir = request.Info.GetProgramDirectory()
	output, err := command.CombinedOutput()
	if sent := server.Send(&pulumirpc.InstallDependenciesResponse{Stdout: output}); sent != nil {
		return sent
	}
	return err
}

func (h host) RunPlugin(request *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer) error {
	folder, module := request.Info.GetProgramDirectory(), "@pulumi/pulumi/cmd/run-plugin"
	working := request.Pwd
	arguments := append([]string{folder}, request.Args...)
	if request.Kind == "analyzer" {
		module, working = "@pulumi/pulumi/cmd/run-policy-pack", folder
		arguments = append(request.Args, folder)
	}
	locate := exec.Command("node", "-e", "process.stdout.write(require.resolve('"+module+"'))")
	locate.Dir = folder
	starter, err := locate.Output()
	if err != nil {
		return fmt.Errorf("no %s in %s or above: %w", module, folder, err)
	}
	command := exec.CommandContext(server.Context(), "node", append([]string{string(starter)}, arguments...)...)
	command.Dir = working
	command.Env = request.Env
	command.Stdout = writer(func(text []byte) error {
		return server.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}})
	})
	command.Stderr = writer(func(text []byte) error {
		return server.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}})
	})
	return command.Run()
}

type writer func([]byte) error

func (w writer) Write(text []byte) (int, error) { return len(text), w(text) }

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-language-")
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host{language: name})
			return nil
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(handle.Port)
	if err := <-handle.Done; err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
