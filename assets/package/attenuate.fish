# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_attenuate_global_optspecs
    string join \n model= base= without-adapter prompt= token-ids= no-bos chat system= date= follow layer= head= epsilon= operation= seed= from-prompt= from-token-ids= from-prompts= with-first layers= heads= set= in-force= block= positions= quantity= compare-head= compare-base compare-epsilon= pooling= norm= per-panel colormap= notation= h/help V/version
end

function __fish_attenuate_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_attenuate_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_attenuate_using_subcommand
    set -l cmd (__fish_attenuate_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c attenuate -n "__fish_attenuate_needs_command" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l layer -d 'Layer whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l head -d 'Query head whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l epsilon -d 'The columns from left to right, two to six, each 0 or more [default: 5e-1,1e-3,1e-10]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l operation -d 'What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts) [default: scale]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l seed -d 'Which noise, for --operation noise [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_needs_command" -l layers -d 'Layers that are changed: shown, all, or A..=B [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l heads -d 'Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l set -d 'Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer), 3..=5:0 (of some layers)' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l in-force -d 'Changes that act beneath the panels\', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l block -d 'Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such as 5->0,7->0; * is every position' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l positions -d 'Positions that are changed: all, first, rest, or I,J,… [default: all]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l quantity -d 'What is shown: weight, difference (from baseline), uniform-ratio (1 is uniform), score (before softmax), or value-norm (weight × ‖value‖) [default: weight]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l compare-head -d 'Differences from this head instead of the baseline, LAYER:HEAD, 0-based, under the same intervention' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l compare-epsilon -d 'Differences from the same view at these ε instead of the baseline' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l pooling -d 'What a pixel shows that covers many cells: max (of a signed quantity the farthest from its centre), or mean [default: max]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l norm -d 'Values to colours: linear (0 to 1), log (or log:DECADES, log:LO:HI), auto, symmetric (about 0), log-symmetric (about 1), or LO:HI; the default fits the quantity' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l colormap -d 'Colours: blue-red (the figure\'s), viridis, magma, cividis, inferno, greys; diverging: rdbu, puor, brbg; the default fits the quantity, and is sequential on a log scale' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l notation -d 'How ε is written: scientific (5e-1, 1e-10), decimal (0.5, 10⁻¹⁰) or powers (0.5, 10⁻³) [default: that of the session, else scientific]' -r
complete -c attenuate -n "__fish_attenuate_needs_command" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_needs_command" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_needs_command" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_needs_command" -l follow -d 'Open the source anew whenever its file changes; without it a line in the window offers that'
complete -c attenuate -n "__fish_attenuate_needs_command" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_needs_command" -l compare-base -d 'Differences from the model that the adapter SOURCE is over instead of the baseline, under the same intervention'
complete -c attenuate -n "__fish_attenuate_needs_command" -l per-panel -d 'Automatic limits for each panel by itself instead of all nine together'
complete -c attenuate -n "__fish_attenuate_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c attenuate -n "__fish_attenuate_needs_command" -s V -l version -d 'Print version'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "export" -d 'Draw the figure into a file (PNG, SVG or PDF)'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "animate" -d 'Draw the figure into an animation (PNG or GIF) in which ε of one column moves'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "weights" -d 'Write the numbers into a file (NPZ, safetensors, CSV or JSON)'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "heads" -d 'List all heads: sink mass, entropy, weight on the diagonal, and what each does to the output (--ships)'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "sweep" -d 'Write metrics over ε into a file (CSV or JSON), or draw one of them (PNG, SVG or PDF)'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "models" -d 'List the models on this disk: the caches of Hugging Face, Ollama, LM Studio and llama.cpp'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "continue" -d 'Write what the model says behind the prompt, without and with the change, as JSON'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "completions" -d 'Write a completion script for a shell to standard output'
complete -c attenuate -n "__fish_attenuate_needs_command" -a "man" -d 'Write the man page to standard output'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -s o -l output -d 'File to write; the extension decides the format (.png, .svg, .pdf). {layer} and {head} stand for the numbers of what is shown' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l title -d 'Title above the grid; an empty text leaves it out' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l size -d 'Size of the page in mm, or in pixels with px: 178, 178x160, 1200x900px; without a height it is as high as its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l dpi -d 'Pixels per inch, of a PNG and of a size in pixels [default: 300, of an animation 144]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l rows -d 'Rows that are drawn, such as query,value or query,key,value,output [default: those of the session, else query,key,value]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l columns -d 'Columns that are drawn, such as 0,2 or left,right' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l labels -d 'Along the axes: tokens, positions, none' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l label-rotation -d 'How key labels read: upwards, slanted, level [default: upwards]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l font -d 'What texts are set in: light (Ubuntu Light, as in the window), sans (widths of Helvetica), serif (widths of Times)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l font-size -d 'Size of the panel titles in points, 4 to 24; other texts follow it [default: 8, or less where the page has not the room]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l least-text -d 'Labels at the axes are no smaller than this, in points, 4 to 12; where they have no room some are left out' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l ground -d 'What the figure lies on: light, dark, transparent' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l metrics -d 'Numbers under each panel: sink, entropy, kl (from baseline)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l text -d 'Words in SVG and PDF: embedded (as text that can be searched) or paths (as outlines alone) [default: embedded]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l continuation -d 'Under each panel what the model writes behind the prompt under its change, on so many lines, 1 to 8, and at the foot what it writes unmodified: 40 tokens, or as many as the session says' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l layer -d 'Layers whose patterns are shown, 0-based: N, A..=B, I,J,… or all; of several, in a file each [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l head -d 'Query heads whose patterns are shown, 0-based: N, A..=B, I,J,… or all; of several, in a file each [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l epsilon -d 'The columns from left to right, two to six, each 0 or more [default: 5e-1,1e-3,1e-10]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l operation -d 'What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts) [default: scale]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l seed -d 'Which noise, for --operation noise [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l layers -d 'Layers that are changed: shown, all, or A..=B [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l heads -d 'Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l set -d 'Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer), 3..=5:0 (of some layers)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l in-force -d 'Changes that act beneath the panels\', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l block -d 'Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such as 5->0,7->0; * is every position' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l positions -d 'Positions that are changed: all, first, rest, or I,J,… [default: all]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l quantity -d 'What is shown: weight, difference (from baseline), uniform-ratio (1 is uniform), score (before softmax), or value-norm (weight × ‖value‖) [default: weight]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l compare-head -d 'Differences from this head instead of the baseline, LAYER:HEAD, 0-based, under the same intervention' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l compare-epsilon -d 'Differences from the same view at these ε instead of the baseline' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l pooling -d 'What a pixel shows that covers many cells: max (of a signed quantity the farthest from its centre), or mean [default: max]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l norm -d 'Values to colours: linear (0 to 1), log (or log:DECADES, log:LO:HI), auto, symmetric (about 0), log-symmetric (about 1), or LO:HI; the default fits the quantity' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l colormap -d 'Colours: blue-red (the figure\'s), viridis, magma, cividis, inferno, greys; diverging: rdbu, puor, brbg; the default fits the quantity, and is sequential on a log scale' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l notation -d 'How ε is written: scientific (5e-1, 1e-10), decimal (0.5, 10⁻¹⁰) or powers (0.5, 10⁻³) [default: that of the session, else scientific]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l no-session -d 'Leave out the session (source, prompt, ε, view), which the file otherwise carries and which opens it again'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l caption -d 'Print a caption for each figure: model, layer, head, prompt, operation, scope, ε and version'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l compare-base -d 'Differences from the model that the adapter SOURCE is over instead of the baseline, under the same intervention'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -l per-panel -d 'Automatic limits for each panel by itself instead of all nine together'
complete -c attenuate -n "__fish_attenuate_using_subcommand export" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -s o -l output -d 'File to write; the extension decides the format (.png or .apng: animated PNG, .gif)' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l moving -d 'Column whose ε moves, in all rows: 0, 1, 2, … or left, middle, right' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l range -d 'From which ε to which, in equal steps of the logarithm' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l frames -d 'Frames from the one to the other, 2 to 1000' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l rate -d 'Frames per second, 1 to 50' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l play -d 'How it plays: back-and-forth, loop, once' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l continuation -d 'Under each panel what the model writes behind the prompt under its change in that frame, on so many lines, 1 to 8, and at the foot what it writes unmodified: 40 tokens, or as many as the session says' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l title -d 'Title above the grid; an empty text leaves it out' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l size -d 'Size of the page in mm, or in pixels with px: 178, 178x160, 1200x900px; without a height it is as high as its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l dpi -d 'Pixels per inch, of a PNG and of a size in pixels [default: 300, of an animation 144]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l rows -d 'Rows that are drawn, such as query,value or query,key,value,output [default: those of the session, else query,key,value]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l columns -d 'Columns that are drawn, such as 0,2 or left,right' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l labels -d 'Along the axes: tokens, positions, none' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l label-rotation -d 'How key labels read: upwards, slanted, level [default: upwards]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l font -d 'What texts are set in: light (Ubuntu Light, as in the window), sans (widths of Helvetica), serif (widths of Times)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l font-size -d 'Size of the panel titles in points, 4 to 24; other texts follow it [default: 8, or less where the page has not the room]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l least-text -d 'Labels at the axes are no smaller than this, in points, 4 to 12; where they have no room some are left out' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l ground -d 'What the figure lies on: light, dark, transparent' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l metrics -d 'Numbers under each panel: sink, entropy, kl (from baseline)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l layer -d 'Layer whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l head -d 'Query head whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l epsilon -d 'The columns from left to right, two to six, each 0 or more [default: 5e-1,1e-3,1e-10]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l operation -d 'What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts) [default: scale]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l seed -d 'Which noise, for --operation noise [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l layers -d 'Layers that are changed: shown, all, or A..=B [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l heads -d 'Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l set -d 'Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer), 3..=5:0 (of some layers)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l in-force -d 'Changes that act beneath the panels\', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l block -d 'Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such as 5->0,7->0; * is every position' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l positions -d 'Positions that are changed: all, first, rest, or I,J,… [default: all]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l quantity -d 'What is shown: weight, difference (from baseline), uniform-ratio (1 is uniform), score (before softmax), or value-norm (weight × ‖value‖) [default: weight]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l compare-head -d 'Differences from this head instead of the baseline, LAYER:HEAD, 0-based, under the same intervention' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l compare-epsilon -d 'Differences from the same view at these ε instead of the baseline' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l pooling -d 'What a pixel shows that covers many cells: max (of a signed quantity the farthest from its centre), or mean [default: max]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l norm -d 'Values to colours: linear (0 to 1), log (or log:DECADES, log:LO:HI), auto, symmetric (about 0), log-symmetric (about 1), or LO:HI; the default fits the quantity' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l colormap -d 'Colours: blue-red (the figure\'s), viridis, magma, cividis, inferno, greys; diverging: rdbu, puor, brbg; the default fits the quantity, and is sequential on a log scale' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l notation -d 'How ε is written: scientific (5e-1, 1e-10), decimal (0.5, 10⁻¹⁰) or powers (0.5, 10⁻³) [default: that of the session, else scientific]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l no-session -d 'Leave out the session, which an animated PNG otherwise carries and which opens it again'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l compare-base -d 'Differences from the model that the adapter SOURCE is over instead of the baseline, under the same intervention'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -l per-panel -d 'Automatic limits for each panel by itself instead of all nine together'
complete -c attenuate -n "__fish_attenuate_using_subcommand animate" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -s o -l output -d 'File to write; the extension decides the format (.npz, .safetensors, .csv, .json). {layer} and {head} stand for the numbers of what is shown' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l rows -d 'Rows that are written, such as query,value [default: those of the session, else query,key,value]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l layer -d 'Layers whose patterns are shown, 0-based: N, A..=B, I,J,… or all; of several, in a file each [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l head -d 'Query heads whose patterns are shown, 0-based: N, A..=B, I,J,… or all; of several, in a file each [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l epsilon -d 'The columns from left to right, two to six, each 0 or more [default: 5e-1,1e-3,1e-10]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l operation -d 'What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts) [default: scale]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l seed -d 'Which noise, for --operation noise [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l layers -d 'Layers that are changed: shown, all, or A..=B [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l heads -d 'Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l set -d 'Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer), 3..=5:0 (of some layers)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l in-force -d 'Changes that act beneath the panels\', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l block -d 'Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such as 5->0,7->0; * is every position' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l positions -d 'Positions that are changed: all, first, rest, or I,J,… [default: all]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_using_subcommand weights" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -s o -l output -d 'File to write instead; the extension decides the format (.csv, .json)' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l sort -d 'First what has most of it: layer (in order), sink, entropy, diagonal, previous, induction, ships, writes, writes-over-rival; of target-change and rival-change what is lowered most [default: ships with --ships, writes (over the rival, where there is one) with --writes, else layer]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l preset -d 'Ships as they were published, in the place of --component, --epsilon and --operation: safety-heads (arXiv 2410.13708: the head’s queries times 1e-4 at every position, and the prompt as “## Query:… ## Answer:”)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l component -d 'What is changed of the head: query or key (undifferentiated attention), value (scaling contribution)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l epsilon -d 'How far, 0 or more [default: 0, which takes the head’s vectors away; of noise 5e-1]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l operation -d 'What ε does to the head\'s vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l seed -d 'Which noise, for --operation noise [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l in-force -d 'Changes that act beneath each head\'s: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l writes -d 'Add what each head writes, in logits: what its output at the last position adds to the logit of TOKEN, and to that less RIVAL\'s, in front of the final soft cap; with --ships also how their log-probabilities change. Each is an id or a text that is one token, space in front included. All heads and the other parts (embeddings, feed-forwards, biases) sum to the logit' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l at -d 'Position whose output it is, 0-based [default: the last]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l json -d 'Print JSON instead of a table'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l ships -d 'Add what each head does to the model\'s output: KL(baseline ‖ modified) of the next token, in nats, when that head alone is changed. One run a head'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_using_subcommand heads" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -s o -l output -d 'File to write; the extension decides the format (.csv, .json, .png, .svg, .pdf)' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l cell -d 'Cell whose weight is followed, 0-based: its query position and its key position' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l target -d 'Token whose log-probability is followed, and that less RIVAL\'s, each its id or a text that is one token; as columns of .csv and .json and as --metric of pictures. One run of the whole model for each ε' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l epsilon -d 'The columns\' ε, two to six, which a picture marks, each 0 or more [default: 5e-1,1e-3,1e-10]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l rows -d 'Components that are swept, such as query,output [default: those of the session, else query,key,value]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l metric -d 'What a picture shows, a plot for each: sink-mass, normalized-entropy, kl, js, max-weight, weight (of --cell), target-change or rival-change (of --target) [default: normalized-entropy]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l range -d 'From which ε to which a picture shows the curves, such as 1e-3..=1e1 [default: all, and 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l title -d 'Title of a picture; an empty text leaves it out' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l size -d 'Size of a picture’s page in mm, or in pixels with px: 178, 85x60, 1200x900px; without a height it is as high as its content [default: 178]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l dpi -d 'Pixels per inch, of a .png and of a size in pixels [default: 300]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l font -d 'What a picture’s texts are set in: light, sans, serif [default: light]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l font-size -d 'Size of a picture’s texts in points, 4 to 24 [default: 8, or less where the page has not the room]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l ground -d 'What a picture lies on: light, dark, transparent [default: light]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l notation -d 'How a picture writes ε: scientific (5e-1, 1e-10), decimal (0.5, 10⁻¹⁰) or powers (0.5, 10⁻³) [default: that of the session, else scientific]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l layer -d 'Layer whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l head -d 'Query head whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l operation -d 'What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts) [default: scale]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l seed -d 'Which noise, for --operation noise [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l layers -d 'Layers that are changed: shown, all, or A..=B [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l heads -d 'Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l set -d 'Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer), 3..=5:0 (of some layers)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l in-force -d 'Changes that act beneath the panels\', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l block -d 'Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such as 5->0,7->0; * is every position' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l positions -d 'Positions that are changed: all, first, rest, or I,J,… [default: all]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_using_subcommand sweep" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand models" -l json -d 'Print JSON instead of a table'
complete -c attenuate -n "__fish_attenuate_using_subcommand models" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -s o -l output -d 'File to write instead of standard output (.jsonl; - is standard output): one JSON object a line, a line for each prompt' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -s n -l tokens -d 'How many tokens at most' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l top-k -d 'Draw from so many of the likeliest tokens [default: the likeliest token follows; with --temperature: all]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l temperature -d 'Draw tokens, from logits over this, above 0 [default: the likeliest token follows; with --top-k: 1]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l prompts -d 'A file with a prompt on each line (- for standard input), in place of --prompt; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l layer -d 'Layer whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l head -d 'Query head whose pattern is shown, 0-based [default: the source\'s own]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l model -d 'Where the model or capture of a session is now, whatever its content' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l base -d 'The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in Hugging Face\'s cache]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l prompt -d 'Text for the live model to read; - reads it from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l token-ids -d 'Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l system -d 'What the model of a chat is told to be [default: what its template says by itself]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l date -d 'What a chat template is told that asks for today [default: today]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l component -d 'What is changed: query, key, value, output [default: that of the session\'s selected panel, else query]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l epsilon -d 'How far, 0 or more [default: that of the session\'s selected panel, else 5e-1]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l operation -d 'What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts (over other prompts) [default: scale]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l from-prompt -d 'The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l from-token-ids -d 'The tokens that --operation patch takes vectors from, exactly as given' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l from-prompts -d 'A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed over' -r -F
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l layers -d 'Layers that are changed: shown, all, or A..=B [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l heads -d 'Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l set -d 'Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer), 3..=5:0 (of some layers)' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l in-force -d 'Changes that act beneath the panels\', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l block -d 'Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such as 5->0,7->0; * is every position' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l positions -d 'Positions that are changed: all, first, rest, or I,J,… [default: all]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l seed -d 'Of --operation noise, and of the tokens that are drawn [default: 0]' -r
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l past-eos -d 'Go on behind a token that ends a text'
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l without-adapter -d 'The model that the adapter SOURCE is over, without the adapter'
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l no-bos -d 'Put no beginning-of-sequence token in front of the prompt'
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l chat -d 'Put the prompt through the model\'s chat template, as what a user says'
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -l with-first -d 'Count the first token of each of these prompts too'
complete -c attenuate -n "__fish_attenuate_using_subcommand continue" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand completions" -s h -l help -d 'Print help'
complete -c attenuate -n "__fish_attenuate_using_subcommand man" -s h -l help -d 'Print help'
