"""Builds disk images with fstool, one hermetic action an image."""

def _fstool_image_impl(ctx):
    output = ctx.actions.declare_file(ctx.attr.out)
    arguments = ctx.actions.args()
    arguments.add("run")
    arguments.add(ctx.file.spec)
    arguments.add("-o", output)
    arguments.add("--quiet")
    arguments.add("--threads", str(ctx.attr.threads))
    for name, value in ctx.attr.definitions.items():
        arguments.add("-D", name + "=" + ctx.expand_location(value, ctx.attr.srcs))
    ctx.actions.run(
        executable = ctx.file.fstool,
        tools = ctx.files.fstool_files,
        arguments = [arguments],
        inputs = depset([ctx.file.spec] + ctx.files.srcs),
        outputs = [output],
        # Nothing of the host's environment goes into the image.
        env = {"SOURCE_DATE_EPOCH": str(ctx.attr.source_date_epoch)},
        use_default_shell_env = False,
        mnemonic = "FstoolImage",
        progress_message = "Building %{output}",
    )
    return [DefaultInfo(files = depset([output]))]

fstool_image = rule(
    implementation = _fstool_image_impl,
    doc = "The image that a spec describes. Its sources have to be in srcs: the sandbox has nothing else.",
    attrs = {
        "spec": attr.label(mandatory = True, allow_single_file = [".toml"]),
        "out": attr.string(mandatory = True, doc = "Name of the image; its ending chooses the container."),
        "srcs": attr.label_list(allow_files = True, doc = "Everything that the spec names."),
        "definitions": attr.string_dict(doc = "Values of ${name} in the spec; $(location …) is expanded."),
        "source_date_epoch": attr.int(default = 0),
        "threads": attr.int(default = 1),
        "fstool": attr.label(
            default = "//:fstool/bin/fstool",
            allow_single_file = True,
            cfg = "exec",
            doc = "The program of an installation.",
        ),
        "fstool_files": attr.label(
            default = "//:fstool_files",
            allow_files = True,
            cfg = "exec",
            doc = "What else belongs to that: its libraries and plugins.",
        ),
    },
)
