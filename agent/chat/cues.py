r"""The cues of each intent: what people write when they want it.

A name stands alone on its line; below it a cue each: its weight, and a regular expression over the question in small
letters (or as it was written). A line that is indented goes on with the one above. `{TROUBLE}` and `{VALUE}` stand for
the parts at the top. A noun of the field (`logs`, `blueprint`) weighs more than a mood (`why`, `show`).
"""

PARTS = r"""
TROUBLE (?:fail\w*|crash\w*|broken|break\w*|restart\w*|die[sd]?|dying|dead|killed|oom\w*|pending|stuck|
    not (?:\w+ )?(?:ready|running|starting|working|up|healthy|available|reachable|responding|serving|coming|
    get\w*|pull\w*|schedul\w*|start\w*)|unhealthy|unready|unavailable|unreachable|down|evicted|slow\w*|hang\w*|
    timing out|time[sd]? ?out|timeouts?|refus\w*|denied|error\w*|backoff|back-off|crashloop\w*|imagepull\w*|
    errimage\w*|terminat\w*|looping|flapping|unschedul\w*|notready|50[0234]s?|wrong|problem\w*|issue\w*|
    trouble\w*|bad|sick|exit\w*|misbehav\w*|degraded|throttl\w*|act\w* up)
VALUE (?:memory|cpu|resource|replicas?|replica count|port|image|tag|pull ?policy|probes?|liveness|readiness|
    startup|limits?|requests?|value|setting|min|max|minimum|maximum|target|cooldown|budget|pdb|max ?surge|
    max ?unavailable|strategy|restart policy|secrets? mount|environment|env|driver|addons?|registry|affinity|
    version)
"""

CUES = r"""
WHY
3.0 \bhow come\b|\b(?:nothing|never|not|no longer) (?:\w+ )?(?:works?|becomes?|comes? up|starts?|gets?)\b
3.0 \bget (?:it|them|this|that) (?:running|working|up|going|started)\b
4.2 \band (?:tell me )?why\b
3.0 \bwhy\b.*\b{TROUBLE}\b
2.0 \bwhy\b
2.5 \b(?:what|which) (?:is|are|was|were|has|have|had)? ?(?:the )?(?:\w+ )?(?:{TROUBLE}|happen\w*|caus\w*|
    going)\b
3.0 \b(?:root )?(?:cause|reason)s?\b
3.0 \b(?:debug|troubleshoot|diagnos\w*|investigate|look into|find out)\b
2.0 \b{TROUBLE}\b
2.0 \bhow (?:is|are|does|do|did)\b.*\b(?:doing|feeling|going|look\w*|far\w*)\b
2.0 \b(?:is|are|was) .*\b(?:ok|okay|fine|healthy|alright|up|running|ready|working|alive|well|good|reachable|
    available)\b
2.5 \b(?:status|state|describe|condition) (?:of|for)\b
1.5 \b(?:status|state|describe)\b
2.5 \bwhat (?:happened|happens|is happening|is going on|is up)\b
1.5 \bhelp (?:me )?(?:with|understand)\b
3.0 \bcan ?not (?:reach|connect|access|resolve|pull|start|mount|schedule)\b|\bunable to\b|\bno longer\b
2.5 \bwait(?:s|ing)? (?:for|on)\b
HEALTH
4.0 \b(?:is|are) (?:the )?\w+ (?:healthy|in good (?:shape|health))\b(?!.*\b(?:pod|deploy\w*|service)\b)
4.0 \bhow (?:healthy|well|good|bad)\b|\bhow (?:is|are|about) the (?:health|state)\b
4.0 \b(?:cluster|overall|general|system|platform)(?: \w+)? (?:health|status|state|condition|overview|summary)\b
4.0 \bhealth (?:of|for|report|check|score|status|summary|overview)\b
4.0 \b(?:is|are) (?:everything|all|things|we|it all) (?:\w+ )?(?:ok|okay|fine|healthy|good|well|alright|green|
    up|running|in order)\b
4.0 \b(?:how|analy[sz]e|check|assess|review) (?:is |are |about )?(?:the |my |our )?(?:\w+ )?cluster\b
3.0 \b(?:overview|summar\w+|health)\b
3.0 \b(?:capacity|overcommit\w*|certificates?|expir\w+|deprecat\w+|quotas? (?:near|almost)|node pressure|
    headroom)\b
3.5 \b(?:anything|something|nothing) (?:i should|to) (?:worry|know|look|fix)\b
3.0 \bhow (?:is|are) (?:everything|things|we|it all)\b
3.5 \b(?:state|shape) of (?:the |my |our )?(?:cluster|namespace|world|union|things)\b
SCALING
5.0 \bscaling (?:status|state|events?|behaviou?r|history)\b
4.5 \b(?:hpas?|autoscal\w*|horizontalpodautoscalers?|keda|vpa)\b
4.5 \b(?:not|no|why|when|does|do|did|will|would|has|have|is|are|how) .*\bscal(?:e|es|ed|ing)\b
3.0 \bscal(?:e|es|ed|ing)\b
4.0 \b(?:at|under|with|to) \d{1,3} ?(?:%|percent\b)
3.5 \bhow many replicas (?:would|will|should) (?:it|there|we|\S+) (?:have|get|be|run|need)\b
CHANGES
5.0 \b(?:anyone|anybody|someone|somebody|who|what)\b.*\b(?:touch\w*|modif\w*|chang\w*|alter\w*|roll\w* out|edited)\b
5.0 \bwhat (?:is|was|has) (?:\w+ )?different\b|\bworked (?:\w+ )?(?:yesterday|before|earlier|last)\b
4.5 \b(?:rolled out|modified|modifications?)\b
4.5 \b(?:deployed|rolled out|updated|upgraded|changed|modified|touched) (?:recently|lately|today|yesterday|last|
    just)\b
4.5 \b(?:recently|lately|just) (?:deployed|rolled out|updated|upgraded|changed|modified|touched)\b
5.5 \bwhat (?:has |have |was |is |all |\w+ )?(?:chang\w*|been changed|new|different)\b
5.0 \b(?:recent|latest|last) (?:changes?|deploy\w*|rollouts?|updates?)\b|\b(?:timeline|changes)\b
4.5 \b(?:when|who) (?:was|were|did|has|is)? ?.*\b(?:deploy\w*|chang\w*|updat\w*|upgrad\w*|roll\w* out|released|
    created|started)\b
4.0 \bchanged?\b.*\b(?:since|recently|today|yesterday|last|past|ago|lately)\b
3.5 \b(?:new|recently) (?:deploy\w*|created|updated|roll\w*)\b|\bdid (?:any|some)(?:one|body|thing) (?:chang|
    deploy|touch)\w*
EVENTS
5.0 \bget ev\b
5.0 \bevents?\b
3.0 \bwarnings?\b
LOGS
5.0 \boutput\b|\b(?:run|instance|life) before the last (?:restart|crash)\b
5.5 \blogs?\b
5.0 \b(?:stderr|stdout|standard (?:output|error)|console output|stack ?trace|traceback)\b
4.5 \b(?:last|latest|recent|final) (?:words|\d+ lines|lines?|output|messages?)\b
4.5 \b(?:what|anything|errors?|exceptions?) (?:did|does|do|was|is|has|are) .*\b(?:log\w*|print\w*|say|said|says|
    write|output\w*|wrote)\b
4.0 \b(?:grep|tail)\b|\b(?:printed|logged|logging)\b
USAGE
5.0 \b(?:cpu|memory|mem|ram|resources?|disk)(?: \w+)? (?:usage|use|utili[sz]ation|consumption|load|pressure|
    footprint)\b
5.0 \b(?:us(?:e|es|ing|ed)|consum\w*|tak\w*|eat\w*|need\w*|hog\w*|burn\w*)\b.*\b(?:cpu|memory|mem|ram|
    resources?|cores?)\b
4.5 \b(?:usage|utili[sz]ation|consumption)\b
4.5 \b(?:top|heaviest|hungriest|biggest|busiest|greediest)\b.*\b(?:pods?|nodes?|containers?|consumers?|users?|
    workloads?|memory|cpu)\b
4.5 \b(?:most|highest|more|much) (?:cpu|memory|mem|ram|resources?|load)\b|\b(?:cpu|memory) hungry\b
4.0 \b(?:close|near|approaching|above|over) (?:to )?(?:its|their|the)? ?(?:memory |cpu )?limits?\b|
    \bkubectl top\b
LIST
3.0 ^kubectl (?:get|describe)\b
3.0 \bwhich \w+ do (?:we|i|you) have\b
3.0 ^(?:please )?(?:can you |could you )?(?:list|show|get|display|print|give|find|fetch)\b
3.0 \bwhich\b.*\b(?:pods?|deployments?|services?|nodes?|jobs?|containers?|ingress\w*|namespaces?|claims?|
    workloads?|objects?|resources?)\b
2.5 \bwhat (?:\w+ )?(?:pods?|deployments?|services?|nodes?|jobs?|cronjobs?|ingress\w*|namespaces?|claims?|
    workloads?|configmaps?|secrets?) (?:are|is|do|does|have|exist|run)\b
3.0 \bwhat (?:is|are) (?:running|deployed|there)\b|\bwhat do (?:i|we) have\b|\bare there (?:any|some)?\b|
    \bdo (?:i|we) have any\b
3.0 \b(?:all|every) (?:the |my |our )?(?:\w+ )?(?:pods?|deployments?|services?|nodes?|jobs?|namespaces?|
    ingress\w*|claims?)\b
2.5 \b(?:labell?ed|with (?:the )?labels?|by labels?)\b|\S+=\S+
2.5 ^(?:my |the |all )?(?:pods?|deployments?|services?|svcs?|nodes?|jobs?|cronjobs?|pvcs?|ingress\w*|
    namespaces?|configmaps?)\b
COUNT
7.0 \bhow many\b(?!.*\b(?:replicas? (?:should|would|will)|times)\b)
6.0 \b(?:count|number|amount) (?:of|the|all)\b|\bcount\b
SHOULD
7.0 \b(?:must|require[sd]?|decided?|demanded?|have to)\b.*\b{VALUE}\b|\b{VALUE}\b.*\b(?:must|require[sd]?|decided?|
    demanded?)\b
6.8 \bjustif\w*\b|\b(?:who|why) (?:did \w+ )?(?:decide[sd]?|chose|picked|set)\b
5.0 \b(?-i:[a-z]+(?:[A-Z][a-z]+)+)\b
6.0 \b(?:should|supposed|ought|meant|expected|intended)\b.*\b{VALUE}\b|\b{VALUE}\b.*\b(?:should|supposed|ought|
    meant to|expected|intended)\b
6.0 \bblueprints?\b(?!.*\b(?:compl\w*|match\w*|differ\w*|drift\w*|violat\w*|follow\w*|break\w*|broken|
    audit\w*)\b)
5.5 \bwhy (?:is|are|does|do|has|have) .*\b{VALUE}\b.*\b(?:set|at|so|only|=|to|\d+\S*)\b(?!.*\b(?:using|use|used|
    usage)\b)
5.5 \b(?:spec|specification|specs) (?:say|says|for|of)\b|\b(?:recommended|specified|decided|mandated|agreed|
    rationale)\b
5.5 \b[A-Z]{2,4}(?:-[A-Z0-9]+)+\b
5.0 \b[a-z]\w*(?:\.\w+){2,}\b
5.0 \bwhat (?:does|do|did) (?:the )?(?:spec|blueprint|design|plan|document)\w* (?:say|state|want|demand|
    require)\b
5.0 \bwhat (?:is|are) (?:the )?(?:right|correct|proper|desired|default|intended|configured)\b.*\b{VALUE}\b
5.0 \bhow (?:much|many) (?:memory|cpu|replicas?|cores?) (?:should|may|can|must|is|are) \S+(?: \S+)? (?:have|get|
    use|allowed|need)\b
COMPLIANT
6.5 \b(?:compl(?:y|ies|iant|iance)|audit(?!or)\w*|drift\w*|deviat\w*|violat\w*|conform\w*|non-?compliant)\b
6.5 \b(?:match\w*|follow\w*|differ\w*|agree\w*|correspond\w*|meet\w*|in line|break\w*|accord\w*|honou?r\w*|
    respect\w*)\b.*\b(?:blueprints?|specs?|specification|decided|design|controls?)\b
6.0 \b(?:what|how) was decided\b|\bas (?:decided|specified|designed|agreed)\b|\bdifferences? (?:between|to|
    from)\b.*\b(?:blueprint|spec|values)\w*\b
CHECKLIST
7.5 \bchecks? (?:\w+ )?(?:ticked|tick|done|passed|off)\b|\btick\w* off\b
7.0 \b(?:checklists?|verif(?:y|ication))\b
TREE
6.0 \b(?:own(?:s|ed|er|ers|ership)?|belong\w*|parent|child(?:ren)?|made by|created by|managed by|manages|
    part of|controls)\b
6.0 ^(?!.*\b(?:cpu|memory|mem|ram)\b).*\b(?:who|what|which)\b.*\b(?:call\w*|
    talks? to|depend\w*|uses?|mount\w*|reference\w*|points? (?:to|at)|
    connect\w*|select\w*|consum\w* from|send\w* traffic|route\w*|expos\w*)\b
5.5 \b(?:dependenc\w+|depend(?:s|ent|ents)? on|upstreams?|downstreams?|callers?|related to|relations?\w*|
    connected to|topology|tree|blast radius|exposed by|behind)\b
5.0 \bwhat (?:would|will|does) (?:break|be affected|stop)\b|\baffected (?:by|if)\b|\b(?:which|what) (?:service|
    ingress|configmap|secret|volume|pvc|config)s? (?:does|do|is|are) .*\b(?:use|used|mount|expose|serve|point|
    read)\w*\b
FIX
6.0 \b(?:how (?:do|can|could|should|would|to)|what (?:would|will|can|could|do|should|is))\b.*\b(?:fix\w*|
    solv\w*|repair\w*|mend\w*|resolv\w*|remed\w*|solution|help|cure|do (?:about|to)|get .* (?:back|up|working|
    running))\b
5.0 \b(?:solution|remedy|fix) (?:for|to)\b|\bhow (?:to|do i|can i|do we|can we) (?:fix|solve|repair|resolve)\b|
    \bsuggest\w* (?:a )?(?:fix|solution)\b|\brecommend\w*\b
4.5 \bwhat (?:should|can|do|must) (?:i|we) (?:do|change)\b
PROPOSE
7.2 \b(?:propos\w*|draft|prepar\w*|make|create|write|suggest|give)\b.*\b(?:fix|remedy|solution|mend\w*)\b
6.5 ^(?:please |ok |okay |yes |then |now |just |and |go ahead and )*(?:can you |could you |would you )?(?:fix|
    repair|solve|mend|resolve|remedy|heal)\b(?! (?:for|available))
6.5 \b(?:propos\w*|draft|prepar\w*|make|create|write|seal|give me|suggest|need|want|show)\b.*\b(?:plan|change|
    patch|proposal)\b
6.0 ^(?:please )?plan\b|\bplan (?:for|to|the|a|it|that|this)\b|^(?:propose|prepare)\b
CONTAINER
7.0 \bdocker\b|\bdocker-compose\b|\bcompose\b
5.0 \b(?:debug|why|diagnos\w*|inspect)\b.*\bcontainer (?:called |named )?(?!crash|restart|fail|in|of|is|does|
    not|keep)\w+
4.0 \bdebug container\b|\blocal container\b|\bdockerfile\b
MEANING
6.5 \bmeaning\b|\bmeans\b
6.5 \bwhat (?:does|do|is meant by|did) .*\bmean\w*\b|\bmeaning of\b|\bdefine\b|\bdefinition of\b
5.5 ^what (?:is|are) (?:an? |the )?(?:crashloopbackoff|imagepullbackoff|errimagepull|oomkilled|oom[- ]?kill\w*|
    evict\w*|createcontainerconfigerror|exit code \d+|[a-z]+(?:backoff|error|killed))$
5.0 \bexplain (?:what )?(?:an? )?(?:crashloopbackoff|imagepullbackoff|oom\w*|exit code|[a-z]+backoff|
    [a-z]+-[a-z-]+$)
4.5 \bwhat (?:kinds?|sorts?|types?|causes?|failure modes?) (?:of )?(?:causes?|failures?|problems?|
    errors?) (?:do|can|could|are)\b|\bfailure modes?\b
RELEASES
5.5 \bhelm\b|\breleases?\b|\brevisions?\b
5.0 \b(?:which|what) (?:version|chart|app version)\b|\bversions? (?:is|are|of|do)\b.*\b(?:running|deployed|
    installed)?\b|\bcharts?\b
LEDGER
7.0 \bplans? (?:\w+ )?(?:refused|rejected|approved|applied)\b|\b(?:actions?|steps?|things) (?:\w+ )*(?:took|taken|
    done|did)\b
7.0 \bwho approved\b
7.0 \b(?:what|which) (?:did|have|has) (?:you|the agent|bluehelm|we) (?:do|done|chang\w*|appl\w*|plan\w*|
    fix\w*)\b|\bledger\b
6.5 \bapprovals?\b|\b(?:applied|past|earlier|previous|open|pending|refused) plans?\b|
    \baudit (?:trail|log)\b|\byour (?:history|actions)\b
ACCESS
6.5 \b(?:can|could|do) you (?:\w+ )?(?:see|reach|read|connect|access|talk)\b|\b(?:installed|working) on your (?:side|
    end|machine)\b|\bon your side\b
6.5 \b(?:are you|am i|is it) (?:connected|allowed|able)\b|\bwhat (?:can|may) (?:you|i) (?:access|see|reach|
    read)\b
6.0 \b(?:permissions?|rbac|access rights|doctor|kubeconfig|my rights|which cluster|what cluster|which context|
    current context|connection to)\b
6.0 \bwho am i\b|\bwhere am i connected\b|\bcan you (?:see|reach|read|connect)\b
CHANGE
7.0 \b(?:open|get|give me|start|spawn) a (?:shell|terminal|bash)\b|\bssh\b|\bexec (?:in|into)\b
7.0 ^(?:please |now |just |then |and |go ahead and |ok |okay |yes )*(?:can you |could you |
    would you )?(?!run (?:a |an |the )?(?:\w+ )?(?:audit|check\w*|health|diagnos\w*|verif\w*|report))(?:delete|remove|
    kill|restart|reboot|drain|cordon|scale|resize|edit|patch|set|exec|apply|
    install|uninstall|upgrade|downgrade|deploy|redeploy|roll ?back|rollback|revert|undo|bump|increase|decrease|
    raise|lower|add|create|run|stop|start|pause|resume|rename|taint|label|annotate|update|change|turn|enable|
    disable|force|recreate|evict|move|migrate|attach|execute|port-forward|cp|copy|push|wipe|clean|purge|drop|
    reset)\b
7.0 \b(?:kubectl|helm|docker) (?:delete|apply|edit|patch|scale|exec|rollout|drain|cordon|run|create|set|upgrade|
    install|uninstall|rollback|rm|kill|stop|restart)\b
6.0 \b(?:can|could|would|will) you (?:\w+ )?(?:delete|remove|kill|restart|scale|apply|roll ?back|deploy|upgrade|
    set|change|increase|raise|edit)\b
HELP
8.0 \b(?:your|the) commands\b|\bhow to use you\b|\bwhat (?:kinds?|sorts?|types?) of questions\b|\bquestions (?:may|
    can|could) i ask\b
8.0 ^(?:help|hi|hello|hey|what can (?:you|i) (?:do|ask)\w*|who are you|what are you|how (?:do|can) (?:i|
    you) (?:use|work)\b.*|commands?|usage|\?)$
7.0 \bwhat (?:can|could|do) (?:you|i) (?:do|ask|help|know|support)\b|\bhow (?:do|can) i use (?:you|this)\b|
    \bwho (?:are|made) you\b
"""
