"""Words too common to explain anything: Danish, English, their kin, and talk of the web."""

_DANISH = """
ad af aldrig alle alt altid altså and anden andet andre at bag bare begge blev blive bliver da
de dem den denne der deres det dette dig din dine disse dit dog du efter egen ej eller ellers en
end endnu engang enten er et fik fin for fordi foran fra før få får gang gange gennem gerne gik
gjort godt gå går gør gøre ham han hans har havde have hele helt hen hende hendes her herfra hos
hun hvad hvem hver hvilken hvis hvor hvordan hvorfor hvornår i idag igen igennem ikke ind inden
ingen intet ja jeg jer jeres jo kan kom komme kommer kun kunne lad lidt lige lille man mand
mange med meget mellem men mens mere mest mig min mindre mine mit mod må måske nej ned nemlig
netop nogen noget nogle nok nu ny nye når nærmest næste også om omkring op os over over på
rigtig samme se ser selv selvfølgelig siden sig siger sige sin sine sit skal skulle slet slutter
som stadig stor store så sådan tage tager ti til tilbage tit to tror ud uden under var ved vi
vil ville virkelig vor vore vores være været
"""
_ENGLISH = """
about above after again against all almost also always am an and any anyone are around as ask at
away back be because been before being below between both but by came can cannot cant come could
did didn do does doesn doing don done down during each either else even ever every everyone few
first for from further get gets getting go goes going gone good got had has hasn have haven
having he her here hers him his how i'd i'll i'm i've if in into is isn it it's its itself just
know let like ll look lot made make many may maybe me might more most much must my myself need
never new no nor not nothing now of off oh ok okay on once one only or other our ours out over
own people please put re really right said same saw say see seen she should since so some
someone something still such take tell than that that's the their theirs them then there these
they they're thing things think this those though through time to today together told too two
under until up upon us use used ve very via want was wasn way we well went were weren what when
where which while who whom why will with within without won would wouldn yes yet you you're your
yours
"""
_KIN = """
att av bara blev bli blir både där eg ein eit ett från få för gjør hade hadde han har här hva
hvis ikkje inte jag kan kanske med men mig mot mye några något nå och også om oss på sa seg sina
sitt skal ska som står så under upp uten var vara vart vel vi vid vil är å även ble blitt deg
dere det dette deg enn etter fra før hun hvor hvordan når noe noen også så være vært
"""
_WEB = (
    "http https www com amp rt via dk html org net link follow like share status pic twitter video"
)

STOP_WORDS = frozenset(f"{_DANISH} {_ENGLISH} {_KIN} {_WEB}".split())
