"""The benchmark suite: fstool and the programs that people use today do the same jobs, in turn.

    command_line   what is asked for
    bench          what the jobs have: the program, the data sets, a place
    data_sets      what the jobs are done with: trees, archives, container images; made once and kept
    *_jobs         the jobs, each with the commands of both sides, what judges their outputs, and the target
    catalogue      all of them, by name
    scaling        jobs of growing size
    comparison     running sides in turn; what their figures are
    measuring      one program: time, processor time, memory, bytes read and written
    judges         whether an output is right
    quantities     figures as people read them
    report         the figures as JSON, and which targets are missed
    sittings       adding to an earlier report
    tables, plots  the report as text, Markdown and SVG
    documents      the report in docs/performance.md
"""
