$e.OUTE_APKY API_KEY {=$env:OOENAI_API $[keys]
)))))process.env.OPENAI_API_KEY))))))))))JJJJJJJ{{{{{{{{{{{{{{{{{{{{{{{y{{{{JJ{{{{{{{{{{{{{y{{{ys]
BJJJJJ.open{{{a{{{{{{MIXROUTE_OUTJJJJJJJJJJJJJJJ{{{{{{{{{{{{{{{{{)))))) $env:MIXROU...o[t|||||$env:OPENhAI_API_KEY = $:OPENhAI_API_KEY = $en   o"Cport json"
}
$reply =‮# mixl|||)))))))))))||||int|I_KEY = $:OoSei[